"""Per-image depth networks of others behind one method, `look`."""
