import type { Check, DoctorReport, Status } from '#doctor'

interface Style {
  readonly isColoured: boolean
}

const SIGNS: Record<Status, string> = { ok: '✓', warning: '!', fault: '✗', skipped: '-' }
/** Numbers of ANSI colours. */
const COLOURS: Record<Status, number> = { ok: 32, warning: 33, fault: 31, skipped: 90 }

/** A line for each check as it ends. */
export function checkText({ status, title, says, ms }: Check, { isColoured }: Style): string {
  const sign = isColoured ? `\x1b[${COLOURS[status]}m${SIGNS[status]}\x1b[0m` : SIGNS[status]
  return `${sign} ${title}: ${says}${status === 'skipped' ? '' : ` (${ms} ms)`}\n`
}

/** What is to be done: each fault once, with everywhere that has it. */
export function summary({ checks, healthy, proxy }: DoctorReport, style: Style): string {
  const bold = (text: string) => (style.isColoured ? `\x1b[1m${text}\x1b[0m` : text)
  const found = checks.filter(({ status }) => status === 'fault' || status === 'warning')
  const each = [...Map.groupBy(found, (check) => `${check.status} ${check.fault}`).values()]
  const faults = each.filter(([check]) => check!.status === 'fault').length
  const warnings = each.length - faults
  const verdict = healthy
    ? `Healthy${warnings === 0 ? '' : `, with ${counted(warnings, 'warning')}`}.`
    : `${counted(faults, 'fault')}${warnings === 0 ? '' : ` and ${counted(warnings, 'warning')}`}:`
  const mended = each.filter(([check]) => check!.status === 'fault' || check!.mend !== undefined)
  return `\n${bold(verdict)}\n${mended.map((same) => mendText(same, proxy)).join('')}`
}

/** The lines are those of the first place that has the fault: it is what apps need most. */
function mendText(same: readonly Check[], proxy: DoctorReport['proxy']): string {
  const { fault, mend } = same[0]!
  const [first, ...others] = [...new Set(same.map(({ title, says }) => `${title}: ${says}`))]
  const head = `\n${fault}: ${first}\n${others.map((other) => `  also ${other}\n`).join('')}`
  if (mend === undefined) return head
  const isGuess = proxy === null && mend.proxy !== 'belfry'
  const who = isGuess
    ? `It is not known what stands in front (--proxy NAME says it). If that were nginx, ${mend.where}:`
    : `${mend.proxy === 'belfry' ? '' : `${mend.proxy}, `}${mend.where}:`
  return `${head}  ${who}\n${mend.lines.map((line) => `    ${line}\n`).join('')}`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
