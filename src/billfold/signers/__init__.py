"""RSA signatures of passes and save links, made where other cores can make them: in processes of their own, or in threads.

May not enter: what is signed and why, where keys come from (they are given with what is to be signed), Apple, Google."""
