/** Every link of every page leads somewhere: files of the checkout, headings, pictures. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { ROOT } from './page.ts'

const pages = globSync('**/*.md', { cwd: ROOT, exclude: (name) => name === 'node_modules' || name === 'dist' }).sort()

/** Without what is shown as code, in which nothing is a link or a heading. */
function proseOf(source: string): string {
  return source.replaceAll(/^\s*```.*?^\s*```\s*$/gms, '').replaceAll(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/gs, (code) => {
    // In a heading its words count.
    return code.replaceAll(/[`[\]()]/g, '')
  })
}

/** Where links of the source lead, as they are written. */
function linksOf(source: string): string[] {
  const prose = proseOf(source)
  const inline = prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)
  const references = prose.matchAll(/^\s*\[[^\]]+\]:\s+(\S+)/gm)
  const attributes = prose.matchAll(/<(?:a|img)\b[^>]*\b(?:href|src)="([^"]+)"/g)
  return [...inline, ...references, ...attributes].map(([, target = '']) => target)
}

/** The anchors of headings, by GitHub's rule, and those that a page names itself. */
function anchorsOf(source: string): Set<string> {
  const named = source.matchAll(/<a (?:id|name)="([^"]+)">/g)
  const anchors = new Set<string>([...named].map(([, name = '']) => name))
  for (const [, heading = ''] of proseOf(source).matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = words.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-')
    let name = slug
    for (let count = 1; anchors.has(name); count++) name = `${slug}-${count}`
    anchors.add(name)
  }
  return anchors
}

/** Why a link of `page` leads nowhere; `undefined` when it does not, or leaves the checkout. */
function deadEnd(page: string, target: string): string | undefined {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return undefined
  const [file = '', anchor] = target.split('#')
  const found = file === '' ? page : path.join(path.dirname(page), decodeURIComponent(file))
  if (found.startsWith('..')) return 'leaves the checkout'
  if (!existsSync(path.join(ROOT, found))) return `there is no ${found}`
  if (anchor === undefined) return undefined
  return anchorsOf(readFileSync(path.join(ROOT, found), 'utf8')).has(anchor)
    ? undefined
    : `${found} has no such heading`
}

test('no link leads nowhere', () => {
  const dead = pages.flatMap((page) =>
    linksOf(readFileSync(path.join(ROOT, page), 'utf8')).flatMap((target) => {
      const why = deadEnd(page, target)
      return why === undefined ? [] : [`${page}: ${target}: ${why}`]
    }),
  )
  assert.deepEqual(dead, [])
})

test('docs/README.md lists every page of docs', () => {
  const listed = linksOf(readFileSync(path.join(ROOT, 'docs/README.md'), 'utf8')).map((target) =>
    path.join('docs', target),
  )
  const all = pages.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md')
  assert.deepEqual(
    all.filter((page) => !listed.includes(page)),
    [],
  )
})

describe('the reader of links', () => {
  test('finds them in prose, in pictures and in references, not in code', () => {
    const source = [
      'See [one](a.md#b), ![two](images/c.webp "title") and `[not](this.md)`.',
      '```',
      '[nor](that.md)',
      '```',
      '[three]: ../d.md',
      '<img src="e.png" alt="">',
    ]
    assert.deepEqual(linksOf(source.join('\n')), ['a.md#b', 'images/c.webp', '../d.md', 'e.png'])
  })

  test('names headings as GitHub does', () => {
    const headings = [
      '<a id="own"></a>',
      '# A `b` & c_d',
      '## [Linked](x.md): text',
      '## Twice',
      '## Twice',
      '```',
      '# no',
      '```',
    ]
    assert.deepEqual([...anchorsOf(headings.join('\n'))], ['own', 'a-b--c_d', 'linked-text', 'twice', 'twice-1'])
  })

  test('objects to files and headings that there are not', () => {
    assert.equal(deadEnd('docs/mail.md', '../README.md#what-is-where'), undefined)
    assert.equal(deadEnd('docs/mail.md', 'https://example.com/nothing'), undefined)
    assert.match(deadEnd('docs/mail.md', 'males.md') ?? '', /there is no docs\/males\.md/)
    assert.match(deadEnd('docs/mail.md', '#nothing-of-the-kind') ?? '', /has no such heading/)
    assert.match(deadEnd('README.md', '../elsewhere.md') ?? '', /leaves/)
  })
})
