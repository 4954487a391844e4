"""What machines do: one module per business area, meeting the process platform and the desk.

Importing the package registers every handler, FEEL function and guard of its modules.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
