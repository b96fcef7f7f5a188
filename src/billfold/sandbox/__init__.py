"""Stand-ins that ship: everything outside Billfold, small enough for one laptop. The test environment and the tests run on them.

Apple's push service and certificate authority, Google's wallet service, and the phones of the holders. They speak the real
protocols over real connections. They also judge the product, so nothing here may share code with the rest of Billfold.
"""
