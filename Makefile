# For fingers that type make: each target is the tool of the same name in tools/, where the work is done.
.PHONY: setup demo test check bench fast

setup:
	@tools/setup

demo:
	@tools/demo

test:
	@tools/test

check:
	@tools/check

bench:
	@tools/bench $(NAME)

fast:
	@tools/compile
