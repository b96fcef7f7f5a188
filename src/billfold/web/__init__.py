"""What all pages stand on: their frame, look, texts, safe headers and files, and how an edge tells where a request comes from.

May not enter: what any page is about, storage, decisions."""
