"""What a shop asks for beside its till: brands, members, products, programmes, cards, terminals; and what comes by itself."""
