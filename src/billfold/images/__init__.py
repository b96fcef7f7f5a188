"""Pictures that strangers send become plain PNGs at the sizes that wallets show; pictures that nobody sends are drawn.

slots.py says which sizes each place on a pass needs, framing.py which part of a picture it shows (both pure). worker.py decodes
(decoding.py), scales (making.py), measures (measure.py) and previews inside a child process with little memory, no files and no
network; pool.py keeps such a child warm and kills it when it is slow. shelf.py keeps what was made, facts.py what was measured, and
lint.py says from that what is wrong. vectors.py, icons.py and stamps.py draw stamp cards, defaults.py an icon where there is none.
May not enter: any other room of Billfold, fetching (outgoing/), storing.
Source: reference/apple-wallet.md section 1.5, reference/google-wallet.md section 7, reference/reliability-security.md T16.
"""
