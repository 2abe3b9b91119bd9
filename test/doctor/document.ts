/** Writes the table of all faults into docs/troubleshooting.md: `node test/doctor/document.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { FAULTS } from '#doctor'

const PAGE = new URL('../../docs/troubleshooting.md', import.meta.url)
const [BEGIN, END] = ['<!-- faults -->\n', '<!-- end of the faults -->']

/** The page as it is, and as it should be. */
export function troubleshootingPage(): { readonly written: string; readonly wanted: string } {
  const written = readFileSync(PAGE, 'utf8')
  const [begin, end] = [written.indexOf(BEGIN), written.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`docs/troubleshooting.md has no place for the table: ${BEGIN}${END}`)
  return { written, wanted: `${written.slice(0, begin)}${BEGIN}${table()}${written.slice(end)}` }
}

function table(): string {
  const rows = Object.entries(FAULTS).map(([id, { means, mend }]) => [`\`${id}\``, means, mend])
  const head = ['Fault', 'What it means', 'What takes it away']
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

if (import.meta.main) writeFileSync(PAGE, troubleshootingPage().wanted)
