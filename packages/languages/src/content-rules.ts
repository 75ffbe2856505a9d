import { blankText } from './blank-text.ts'
import type { LanguageId } from './catalogue.ts'

/** `other`: a language that we do not have. The points of `typescript` come on top of those of `javascript`. */
type Candidate = LanguageId | 'other'

interface Rule {
  readonly candidate: Candidate
  readonly points: number
  /** Tested on each line, blanked and trimmed. No pattern backtracks over more than one run of characters. */
  readonly pattern: RegExp
}

const rulesFor = (candidate: Candidate, rules: readonly (readonly [points: number, pattern: RegExp])[]): Rule[] =>
  rules.map(([points, pattern]) => ({ candidate, points, pattern }))

/** Four points: hardly any other language looks like this. Two: typical. One or less: helps if there is little evidence. */
const RULES: readonly Rule[] = [
  ...rulesFor('python', [
    [8, /^(?:from flask[\w.]* import |import flask\b)/],
    [4, /^(?:async )?def \w+ ?[([]/],
    [4, /^class \w+(?:\([^)]*\))?:$/],
    [4, /^from [\w.]+ import /],
    [4, /^import [\w.]+(?: as \w+)?(?:, ?[\w.]+(?: as \w+)?)*$/],
    [3, /^(?:if|elif|while|for|else|try|except|finally|with|async for|async with|match)\b.*:$/],
    [3, /\b__(?:name|init|main|file|str|repr|enter|exit|future)__\b/],
    [2, /\bprint\(/],
    [2, /^raise [A-Z]\w*(?:\(.*\))?$/],
    [2, /\bself\./],
    [2, /\bfor [\w, ]+ in .*[\])}]$/],
    [2, /\bin (?:range|enumerate|zip)\(/],
    [1.5, /\b(?:None|True|False)\b/],
    [1.5, /(?:^|[\s([{,=])(?:[fbr]|rb|br|fr)""/],
    [1.5, /^(?:raise|pass|assert|global|nonlocal|del|yield|lambda)\b(?! ?[({.=]).*[^;{]$|^pass$/],
    [1.5, /\b(?:not in|is not|is None|elif)\b|\b(?:and|or|not) \w/],
    [1.5, /\b(?:len|str|int|input|sorted|sum|open|isinstance|range|list|dict|tuple)\(/],
    [1, /^@[A-Za-z_][\w.]*(?:\(.*\))?$/],
    [0.5, /^[A-Za-z_][\w.]*(?:\[[^\]]*\])? [+\-*/|]?= [^;]*$/],
    [0.5, /^#(?:$| )/],
  ]),
  ...rulesFor('javascript', [
    [4, /\bconsole\.(?:log|error|warn|info|table|time|debug|dir)\b/],
    [4, /^import (?:[\w${},* ]+ from )?""/],
    [4, /^import (?:type )?(?:\{|\* as |\w+, ?\{)/],
    [4, /^export (?:default|const|let|function|class|async|interface|type|enum|\{|\*)/],
    [4, /^(?:\}|\{).*\} from ""|^\} from ""/],
    [3, /^(?:const|let|var) [\w$[{]/],
    [3, /\bfunction\b ?\*? ?[\w$]* ?\(/],
    [3, /\brequire\(""\)/],
    [3, /\bmodule\.exports\b|^exports\.\w/],
    [3, /^(?:export )?(?:default )?(?:abstract )?class \w+(?:<[\w, ]*>)?(?: (?:extends|implements) [\w.<>, ]+)? ?\{/],
    [2, /=>/],
    [2, /[!=]==/],
    [2, /^(?:if|for|while|switch|catch|\} catch|\} else if|\} while)\b ?\(.*\)? ?[{;]?$/],
    [2, /\bnew (?:Promise|Map|Set|Date|Error|Array|URL|Uint8Array|[A-Z]\w*)\(/],
    [1.5, /\bthis\./],
    [1.5, /\b(?:process|document|window|globalThis|JSON|Math|Object|Array|Promise|Number)\.[a-z]/],
    [1.5, /\.(?:forEach|map|filter|reduce|then|catch|push|slice|toString|addEventListener)\(/],
    [1, /\b(?:undefined|null|typeof|instanceof)\b/],
    [1, /^\/\//],
    [0.5, /;$/],
  ]),
  ...rulesFor('typescript', [
    [4, /^(?:export )?(?:declare )?interface \w+(?:<[^>]*>)?(?: extends [\w<>, ]+)? ?\{/],
    [4, /^(?:export )?(?:declare )?type \w+(?:<[^>]*>)? =/],
    [4, /^(?:export )?(?:declare )?(?:const )?enum \w+ ?\{/],
    [4, /^import type\b|^import \{ type /],
    [4, /[\w)\]?] ?: ?(?:string|number|boolean|void|unknown|any|never|bigint)\b(?:\[\])*(?=[\s,;)=|&{\]]|$)/],
    [4, /\) ?: ?(?:Promise|Array|Map|Set|Record|[A-Z]\w*)(?:<|\b).*(?:\{|=>|;)$/],
    [4, /^(?:const|let|var) \w+ ?: ?[\w[{(<]/],
    [4, /^(?:(?:public|private|protected|readonly|static) )+\w+[?!]? ?[:(=]/],
    [3, /\bas (?:const|string|number|unknown|any)\b/],
    [3, /\bfunction \w+ ?<\w/],
    [3, /\bnew (?:Map|Set|Promise|Array|WeakMap)</],
    [3, /\bsatisfies [A-Z]/],
    [3, /\bclass \w+(?:<\w+>)? implements /],
    [3, /^(?:declare|namespace|abstract class) \w/],
  ]),
  ...rulesFor('bash', [
    [4, /^(?:fi|done|esac)\b(?! ?[=(.])/],
    [4, /^case .* in$/],
    [4, /^set -[a-z]/],
    [3, /(?:^|[; ])(?:then|do)$|; ?(?:then|do) /],
    [3, /^(?:if|elif|while|until) (?:!|\[\[?|\(\(|test) /],
    [3, /^\[\[? .* \]\]?/],
    [3, /\| ?(?:grep|awk|sed|sort|head|tail|wc|xargs|tee|cut|tr|uniq|jq|cat|bc|python3?|bash|sh)\b/],
    [3, /[12&]?>&[12]|>>? ?\/dev\/null/],
    [3, /<<HEREDOC/],
    [
      2,
      /^(?:sudo )?(?:echo|printf|cd|ls|mkdir|rmdir|rm|cp|mv|cat|grep|sed|awk|curl|wget|chmod|chown|apt|apt-get|source|unset|read|local|declare|readonly|exit|sleep|find|tar|touch|trap|shift|kill|head|tail|sort|tee|npm|npx|pip|pip3|git|docker|node|python3?|seq|test|mktemp|ln|du|df|for)(?: (?![=(+*/<>:]|-=|in )[^(=]*$| ["$-]|$)/,
    ],
    [2, /^(?:date|whoami|pwd|uname|ls|env|id|hostname|uptime)(?: [-+]|$)/],
    [2, /^export [A-Z_][A-Z0-9_]*(?:=|$)/],
    [2, /;;$/],
    [2, /^(?:local|declare|readonly)(?: -\w+)? \w+(?:=|$)/],
    [1.5, /"\$"|\$(?:[0-9@#?*!]|\(\(|\([a-z]|\{[\w#!]|[A-Za-z_]\w*(?![\w ]*[=.(]))/],
    [1.5, /^[A-Za-z_]\w*=(?:$|[^\s=].*[^,;)]$|[^\s=,;)]$|\(.*\)$|\$\(.*\)$)/],
    [1, /^(?:function )?\w+ ?\(\) ?\{$/],
    [0.5, /^#(?:$| )/],
  ]),
  ...rulesFor('other', [
    [6, /^#(?:include|define)\b/],
    [6, /^package [\w.]+;?$/],
    [6, /^(?:pub )?fn \w+ ?[(<]/],
    [6, /^func (?:\(\w+ \*?\w+\) )?\w+\(/],
    [6, /^(?:public |final )+class \w+|^public static void main\b/],
    [6, /^(?:using (?:namespace )?[\w.:]+;|import java[\w.]*;|use std::)/],
    [6, /^<\?php\b/],
    [6, /^(?:SELECT .*|INSERT INTO .*|CREATE (?:TABLE|VIEW|INDEX) .*|UPDATE \w+ SET .*|DELETE FROM .*)/i],
    [3, /^(?:puts |end$|require ""$|def \w+$)/],
  ]),
]

/** A hundred `print`s are not better evidence than four. */
const COUNTED_LINES = 4
const LINE_CHARACTERS = 400
/** Less than this is chance. */
const ENOUGH_POINTS = 2

/** The language with the most points, if it has enough and no other has as many. */
export const scoreContent = (text: string): LanguageId | undefined => {
  const lines = blankText(text)
    .split(/\r?\n|\r/)
    .map((line) => line.slice(0, LINE_CHARACTERS).trim())
    .filter((line) => line !== '')
  const scores: Record<Candidate, number> = {
    python: 0,
    javascript: 0,
    typescript: 0,
    bash: 0,
    other: 0,
  }
  for (const { candidate, points, pattern } of RULES) {
    let counted = 0
    for (const line of lines) {
      if (counted === COUNTED_LINES) break
      if (pattern.test(line)) counted += 1
    }
    scores[candidate] += counted * points
  }

  const { python, bash, other, typescript } = scores
  const javascript = scores.javascript + typescript
  const best = Math.max(python, bash, other, javascript)
  const leaders = [python, bash, other, javascript].filter((score) => score === best)
  if (best < ENOUGH_POINTS || leaders.length > 1 || best === other) return undefined
  if (best === python) return 'python'
  if (best === bash) return 'bash'
  return typescript >= 3 ? 'typescript' : 'javascript'
}
