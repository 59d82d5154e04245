"""Recurrent networks, each formula once: NumPy and PyTorch, CPU and GPU."""
