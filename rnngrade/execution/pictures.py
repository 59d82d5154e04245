"""What the shell needs to show pictures; imported where there are any."""

from rnngrade.execution.shell import SHELL

SHELL.enable_matplotlib("inline")
SHELL.run("import matplotlib.pyplot as plt; plt.plot([0])", 1 << 20)
SHELL.run("plt.close('all')", 1 << 20)
SHELL.reset(new_session=False)
