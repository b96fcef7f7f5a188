"""A stand-in for Apple's push service: the provider side over HTTP/2, the device side ("courier") over HTTP, faults on demand.

May not enter: anything of Billfold outside `billfold.sandbox`. Source: reference/apple-wallet.md section 5.
"""
