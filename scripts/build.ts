/**
 * Compiles `src/` to `dist/` for the npm package: Node strips no types below node_modules; and puts the web vault there,
 * which `scripts/setup web` has built. Runs before `npm pack`; a checkout never needs it.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const source = join(root, 'src')
const target = join(root, 'dist')
const webVault = join(root, 'web/dist')

/** The rooms' names (`#core`) as they resolve inside `dist/`, whose own package.json is the nearest to its modules. */
function compiledImports(imports: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(imports).map(([name, path]) => [name, path.replace('./src/', './').replace(/\.ts$/, '.js')]),
  )
}

rmSync(target, { recursive: true, force: true })
const tsc = join(root, 'node_modules/.bin/tsc')
const { status, error } = spawnSync(tsc, ['--project', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
if (error) console.error(`Cannot compile: ${error.message}. Run "npm ci" first, which brings the compiler.`)
if (status !== 0) process.exit(1)
cpSync(source, target, { recursive: true, filter: (path) => statSync(path).isDirectory() || !path.endsWith('.ts') })
// Names that begin with a dot are the builder's notes.
cpSync(webVault, join(target, 'web'), { recursive: true, filter: (path) => !basename(path).startsWith('.') })

const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
writeFileSync(
  join(target, 'package.json'),
  `${JSON.stringify({ type: 'module', imports: compiledImports(imports) }, null, 2)}\n`,
)
