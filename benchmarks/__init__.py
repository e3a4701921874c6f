"""Speed and memory, as ratios side by side in one run; tests never assert wall-clock times."""
