"""The web service and the ledger under load, on PostgreSQL: no model, no GPU, everything over loopback."""
