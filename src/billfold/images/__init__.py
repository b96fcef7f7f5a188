"""Pictures that strangers send become plain PNGs at the sizes that wallets show.

slots.py says which sizes each place on a pass needs (pure table), worker.py decodes and scales inside a child process
with little memory, no files and no network, pool.py keeps such a child warm and kills it when it is slow, defaults.py
draws an icon where a brand has none, errors.py names the refusals.
May not enter: any other room of Billfold, fetching (outgoing/), storing.
Source: reference/apple-wallet.md section 1.5, reference/google-wallet.md section 7, reference/reliability-security.md T16.
"""
