import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** Those that try all routes alike prove nothing about one. */
const ABOUT_ALL = /^(authorization|hardening.*)\.test\.ts$/

/** Registers and logs in for all tests. */
const HELPER = 'test/helpers/account.ts'

/** A string or template with a path in it, behind a variable or the address that tests have. */
const PATHS = /['"`](?:\$\{[^}]*\}|https:\/\/localhost)?(\/[^'"`\s]*)['"`]/g

/** The paths that each test file of the vault names, `*` for what it computes. */
export function namedPaths(root: string): Map<string, string[][]> {
  const byName = (file: string, other: string) => (path.basename(file) < path.basename(other) ? -1 : 1)
  const files = [HELPER, ...globSync('test/vault/**/*.test.ts', { cwd: root }).sort(byName)]
  return new Map(
    files
      .filter((file) => !ABOUT_ALL.test(path.basename(file)))
      .map((file) => {
        const source = readFileSync(path.join(root, file), 'utf8')
        const texts = [...source.matchAll(PATHS)].map(
          ([, text = '']) => text.replace(/\$\{[^}]*\}/g, '*').split('?')[0]!,
        )
        return [
          file === HELPER ? 'every login' : path.basename(file, '.test.ts'),
          [...new Set(texts)].map((text) => text.split('/')),
        ]
      }),
  )
}

/** Whether a test names this path of a route, or what is that path when its variables have their values. */
export function isNamed(routePath: string, named: readonly string[]): boolean {
  const parts = routePath.split('/')
  if (parts.length !== named.length) return false
  const isParameter = (part: string) => part.startsWith(':')
  const agrees = (part: string, index: number) =>
    part === named[index] || named[index] === '*' || (isParameter(part) && named[index] !== '')
  // A path that is nothing but variables would be any.
  const spelledOut = parts.filter((part, index) => part !== '' && part === named[index]).length
  const computed = parts.filter((part, index) => named[index] === '*' && !isParameter(part)).length
  return parts.every(agrees) && (computed === 0 || spelledOut > 1)
}
