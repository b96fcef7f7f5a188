"""What happens after the answer: lease slices, read what is due, act, acknowledge, back off.

May not enter: decisions of the product (flows hold them) and any state that only a process knows.
"""
