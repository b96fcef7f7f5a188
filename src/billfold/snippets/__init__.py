"""What others put on pages, receipts and into mails of their own to hand a pass out: a link, a code, a button, a mail.

May not enter: who may hand it out, what a pass shows, storage."""
