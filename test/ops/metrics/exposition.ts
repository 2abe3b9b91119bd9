/**
 * Reads what is served to Prometheus, strictly: whatever its formats do not allow throws. After
 * https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/specs/om/open_metrics_spec/.
 */

export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  /** The values by the name and the labels of their series, as written: `a_total{b="c"}`. */
  readonly series: Map<string, number>
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/y
/** What a name may end with, by type; in OpenMetrics a counter's must. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  gauge: [''],
  counter: [''],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}

export function parseExposition(text: string, { isOpenMetrics = false } = {}): Map<string, Family> {
  const families = new Map<string, Family>()
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const lines = text.slice(0, -1).split('\n')
  if (isOpenMetrics && lines.pop() !== '# EOF') throw new Error('OpenMetrics does not end with "# EOF"')
  let current: { name: string; help: string } | undefined
  let family: Family | undefined
  for (const line of lines) {
    const [, helped, help] = new RegExp(`^# HELP (${NAME}) (.*)$`).exec(line) ?? []
    const [, typed, type] = new RegExp(`^# TYPE (${NAME}) (\\w+)$`).exec(line) ?? []
    if (helped !== undefined) {
      if (!help || /\\(?![\\n])/.test(help)) throw new Error(`help of ${helped}`)
      current = { name: helped, help }
      family = undefined
    } else if (typed !== undefined && type !== undefined) {
      if (current?.name !== typed) throw new Error(`${typed} has a type, and no help in front of it`)
      if (SUFFIXES[type] === undefined) throw new Error(`${type} is no type`)
      if (families.has(typed)) throw new Error(`${typed} comes twice`)
      family = { name: typed, type, help: current.help, series: new Map() }
      families.set(typed, family)
    } else if (line === '') {
      if (isOpenMetrics) throw new Error('an empty line')
    } else {
      addSample(line, family, isOpenMetrics)
    }
  }
  for (const one of families.values()) if (one.type === 'histogram') checkHistogram(one)
  return families
}

function addSample(line: string, family: Family | undefined, isOpenMetrics: boolean): void {
  const [, name, labels = '', value] = new RegExp(`^(${NAME})(\\{.*\\})? (\\S+)$`).exec(line) ?? []
  if (name === undefined || value === undefined) throw new Error(`no sample: ${line}`)
  if (family === undefined) throw new Error(`${name} has no type`)
  const suffixes = isOpenMetrics && family.type === 'counter' ? ['_total'] : SUFFIXES[family.type]!
  if (!suffixes.some((suffix) => name === family.name + suffix)) throw new Error(`${name} is none of ${family.name}`)
  labelsOf(labels)
  const key = name + labels
  if (family.series.has(key)) throw new Error(`${key} comes twice`)
  family.series.set(key, numberOf(value))
}

/** Throws for labels that are not written as they have to be, or come twice. */
export function labelsOf(text: string): Map<string, string> {
  const labels = new Map<string, string>()
  if (text === '') return labels
  let at = 1
  while (text[at] !== '}') {
    LABEL.lastIndex = at
    const [all, name, value] = LABEL.exec(text) ?? []
    if (all === undefined || name === undefined || value === undefined) throw new Error(`labels: ${text}`)
    if (labels.has(name)) throw new Error(`label ${name} comes twice`)
    labels.set(
      name,
      value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    )
    at += all.length
    if (text[at] === ',') at++
    else if (text[at] !== '}') throw new Error(`labels: ${text}`)
  }
  if (at !== text.length - 1) throw new Error(`labels: ${text}`)
  return labels
}

function numberOf(text: string): number {
  // As Go's strconv.ParseFloat, in any case.
  if (/^nan$/i.test(text)) return Number.NaN
  if (/^[+-]?inf$/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (!/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text)) throw new Error(`no number: ${text}`)
  return Number(text)
}

/** Buckets hold what is in those before them, and the last one all. */
function checkHistogram({ name, series }: Family): void {
  const bySet = new Map<string, [le: number, count: number][]>()
  for (const [key, count] of series) {
    if (!key.startsWith(`${name}_bucket`)) continue
    const labels = labelsOf(key.slice(`${name}_bucket`.length))
    const le = labels.get('le')
    if (le === undefined) throw new Error(`${key} has no le`)
    labels.delete('le')
    const set = JSON.stringify([...labels].sort())
    const buckets = bySet.get(set) ?? []
    bySet.set(set, buckets)
    buckets.push([numberOf(le), count])
  }
  for (const [key, count] of series) {
    if (!key.startsWith(`${name}_count`)) continue
    const set = JSON.stringify([...labelsOf(key.slice(`${name}_count`.length))].sort())
    const buckets = bySet.get(set) ?? []
    const isGrowing = buckets.every(([le, n], i) => i === 0 || (le > buckets[i - 1]![0] && n >= buckets[i - 1]![1]))
    const [le, all] = buckets.at(-1) ?? []
    if (!isGrowing || le !== Number.POSITIVE_INFINITY || all !== count) throw new Error(`buckets of ${key}`)
  }
}
