"""The GPU side: claims jobs from the ledger, teaches and draws."""
