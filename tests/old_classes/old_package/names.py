from enum import Enum


class Signal(Enum):
    WEAK = 0
    STRONG = 1
