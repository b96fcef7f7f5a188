"""Templates to begin with, one folder each: `starter.json` in the words of `/v1/templates`, and its pictures beside it.

Anybody can add one: a folder with a name of small letters and hyphens, texts in English, German and French, and values for three
people. The pictures are our own work, drawn by tools/draw_starters.py. May not enter: code for a single starter, wallets, storage.
"""
