/** `$ `, `(venv) $ `, `user@host:~$ `, `PS C:\> `, `>>> `, `In [1]: `: comments and empty lines may come before it. */
const PROMPT =
  /^(?:[ \t]*(?:#.*)?\r?\n)*[ \t]*(?:\([\w.-]+\) ?)?(?:\$ |>>> |In \[\d+\]: |[\w.-]+@[\w.-]+:\S*[$#] |PS [A-Z]:\\\S*> )/

/** Whether it starts with the prompt of a terminal or an interpreter. Those lines and their output are no program together. */
export const isSession = (text: string): boolean => PROMPT.test(text)
