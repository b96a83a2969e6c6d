from .names import Signal

__all__ = ["Signal"]
