"""Virtual phones: they open a share link, install the pass, and keep it current through the protocols that real phones speak.

They judge the server: they verify, they complain, and they share no code with what they judge, nor with the other stand-ins.
May not enter: anything of Billfold outside this folder. Sources: reference/apple-wallet.md sections 4 to 6 and 9,
reference/google-wallet.md sections 3 to 5.
"""
