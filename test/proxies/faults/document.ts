/** Writes the table of faults into docs/troubleshooting.md: `node test/proxies/faults/document.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { ProxyKind } from '../start-proxy.ts'
import { type Cell, FAULTS, type Fault } from './broken.ts'
import { CERTIFICATE_FAULTS } from './certificates.ts'

const PAGE = new URL('../../../docs/troubleshooting.md', import.meta.url)
const [BEGIN, END] = ['<!-- faults of proxies -->\n', '<!-- end of the faults of proxies -->']

const COLUMNS: readonly (readonly [ProxyKind, name: string])[] = [
  ['nginx', 'nginx'],
  ['apache', 'Apache'],
  ['haproxy', 'HAProxy'],
  ['caddy', 'Caddy'],
]

/** The page as it is, and as it should be. */
export function troubleshootingPage(): { readonly written: string; readonly wanted: string } {
  const written = readFileSync(PAGE, 'utf8')
  const [before, after] = [written.indexOf(BEGIN), written.indexOf(END)]
  if (before < 0 || after < before)
    throw new Error(`docs/troubleshooting.md has no place for the table: ${BEGIN}${END}`)
  return { written, wanted: `${written.slice(0, before)}${BEGIN}${table()}${written.slice(after)}` }
}

function table(): string {
  const rows = [
    ...FAULTS.map((fault) => [fault.title, named(fault.faults), ...COLUMNS.map(([kind]) => cellOf(fault, kind))]),
    ...CERTIFICATE_FAULTS.map(({ title, fault, cannot }) => {
      return [title, named([fault]), ...COLUMNS.map(([kind]) => cannot?.[kind] ?? 'named')]
    }),
  ]
  const head = ['What the proxy does', 'Fault', ...COLUMNS.map(([, name]) => name)]
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

function cellOf({ cells, faults }: Fault, kind: ProxyKind): string {
  const cell: Cell = cells[kind]
  if ('cannot' in cell) return cell.cannot
  const also = cell.faults?.filter((id) => !faults.includes(id)) ?? []
  return also.length === 0 ? 'mended' : `mended, with ${named(also)}`
}

function named(faults: readonly string[]): string {
  return faults.map((id) => `\`${id}\``).join(', ') || 'none'
}

if (import.meta.main) writeFileSync(PAGE, troubleshootingPage().wanted)
