"""What each file may hold: one registry drives reader, gate, synthetic data and docs."""
