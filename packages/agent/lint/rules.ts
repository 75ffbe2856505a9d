/**
 * What ruff checks in our Python. The values are ruff's own settings: https://docs.astral.sh/ruff/settings/.
 * The formatter uses the same line length.
 */
export const RUFF_SETTINGS = {
  'line-length': 120,
  // The images have 3.13, but the local sandbox runs the agent with the python3 of the machine.
  'target-version': 'py311',
  lint: {
    select: [
      'E', // style errors
      'W', // white space
      'F', // unused and undefined names
      'B', // likely bugs
      'A', // names that hide builtins
      'ARG', // unused arguments
      'BLE', // errors that are caught blindly
      'C4', // comprehensions
      'ERA', // code in comments
      'I', // order of imports
      'N', // names
      'PIE', // needless code
      'PLC', // conventions
      'PLE', // errors
      'PLW', // warnings
      'RET', // returns
      'RUF', // ruff's own
      'SIM', // simpler forms
      'T20', // prints: standard output is the connection to the worker
      'UP', // old forms
    ],
    ignore: [
      'RUF001', // ’ in a text is meant
      'RUF002',
      'RUF003',
      'SIM105', // contextlib costs every container an import
      'SIM115', // some files stay open on purpose
      'PLC0415', // some modules are imported only where they are needed: an import costs every container time and memory
    ],
  },
} as const
