/** Commands that need no argument, and whose names are no words of a language. */
const ALONE = 'ls pwd whoami nproc lscpu lsblk uname uptime hostname printenv df ps pstree vmstat dmesg id tty'
/** Commands whose names start no sentence, or only one with plain words after it. */
const WITH_ARGUMENTS =
  'mkdir rmdir cp mv rm ln chmod chown chgrp du wc stat cal seq bc dc md5sum sha1sum sha256sum sha512sum b2sum cksum base64 ' +
  'xxd od hexdump mktemp mkfifo basename dirname readlink realpath tr uniq sed awk grep egrep xargs tar gzip gunzip zcat zip ' +
  'unzip xz bzip2 jq sqlite3 python python3 node npm npx pip pip3 git curl wget ssh scp rsync tee tac nl rev shuf env cat ' +
  'pgrep pkill killall iconv getent openssl docker bash sh'

const alone = new Set(ALONE.split(' '))
const commands = new Set([...alone, ...WITH_ARGUMENTS.split(' ')])

/** More lines than this are a script, which has enough words and marks for the classifier. */
const MOST_LINES = 10
const MOST_CHARACTERS = 1000

const STRING = /"[^"\n]*"|'[^'\n]*'/g
/** What a sentence has and the arguments of a command hardly have. */
const SENTENCE =
  /(?<![-./\w])(?:the|is|are|was|of|for|with|me|my|you|your|please|how|what|why|that|this|it|and|or|not|to|an|i)(?![-./\w])|[,;!?:.](?:\s|$)/i
/** An option, a path, a string, a variable, a file name; not the number of a version. */
const ARGUMENT = /^(?:-{1,2}[A-Za-z]|[~$]|""$|''$|\.{0,2}\/)|^\.$|^(?!\d)[\w*/-]*[\w*]\.[A-Za-z]\w*$|^\*/

const isCommand = (line: string): boolean => {
  const [name = '', ...rest] = line.trim().replace(STRING, '""').split(/\s+/)
  if (!commands.has(name)) return false
  if (rest.length === 0) return alone.has(name)
  if (SENTENCE.test(rest.join(' '))) return false
  return (
    rest.every((argument) => /^\d+$/.test(argument)) ||
    (/^[\w\-.~/$"*|>]/.test(rest[0] ?? '') && rest.some((argument) => ARGUMENT.test(argument)))
  )
}

/**
 * Whether a short text is a list of well-known commands with arguments such as `-l`, `a.txt`, `/tmp`. Bash has no parser here,
 * and one command is too little for the classifier. False says nothing.
 */
export const readsAsCommands = (text: string): boolean => {
  if (text.length > MOST_CHARACTERS) return false
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.length > 0 && lines.length <= MOST_LINES && lines.every(isCommand)
}
