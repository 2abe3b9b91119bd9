/** Does what docker/Dockerfile says without Docker: its stages are folders, its RUN lines run on this machine. */
import { chmodSync, chownSync, copyFileSync, cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { runProgram } from '../helpers/processes.ts'
import { copyContext, IgnoreRules } from './context.ts'
import { type Instruction, ownStages, type Stage } from './dockerfile.ts'

const checkout = path.join(import.meta.dirname, '../..')

/** Installs packages and builds twice; on a machine that does much else. */
const RUN_DEADLINE_MS = 280_000

export interface BuiltImage {
  /** The folder that is `/` of a container. */
  readonly root: string
  /** What came along of the checkout. */
  readonly context: readonly string[]
}

/** Builds the image in `folder`. Rejects with what a RUN line has said when it fails. */
export async function buildImage(folder: string): Promise<BuiltImage> {
  const contextFolder = path.join(folder, 'context')
  const rules = new IgnoreRules(readFileSync(path.join(checkout, 'docker/Dockerfile.dockerignore'), 'utf8'))
  const context = copyContext(checkout, contextFolder, rules)
  const stages = ownStages()
  const folders = new Map<string, string>()
  let root = ''
  for (const [i, stage] of stages.entries()) {
    root = path.join(folder, `stage-${i}`)
    await layBase(stage, root)
    folders.set(stage.name ?? String(i), root)
    await build(stage, { root, contextFolder, folders })
  }
  return { root, context }
}

/** What the base image holds, as far as the stages need it. */
async function layBase({ base }: Stage, root: string): Promise<void> {
  mkdirSync(root)
  if (/^node:\d+-slim$/.test(base)) {
    // Its programs are those of this machine; these files are copied from it.
    mkdirSync(path.join(root, 'usr/local/bin'), { recursive: true })
    copyFileSync(process.execPath, path.join(root, 'usr/local/bin/node'))
    writeFileSync(path.join(root, 'usr/local/LICENSE'), 'The licence of Node\n')
  } else if (/^gcr\.io\/distroless\/cc-debian\d+:nonroot$/.test(base)) {
    // The C library and C++'s, and users. There is no program in it.
    const { code, stdout, stderr } = await runProgram({ command: 'ldd', args: [process.execPath] })
    if (code !== 0) throw new Error(`ldd failed: ${stderr}`)
    for (const [library] of stdout.matchAll(/(?<=\s)\/\S+/g)) {
      mkdirSync(path.dirname(path.join(root, library)), { recursive: true })
      copyFileSync(library, path.join(root, library))
    }
    mkdirSync(path.join(root, 'etc'))
    writeFileSync(path.join(root, 'etc/passwd'), 'root:x:0:0::/root:\nnonroot:x:65532:65532::/home/nonroot:\n')
    mkdirSync(path.join(root, 'tmp'))
    chmodSync(path.join(root, 'tmp'), 0o1777)
  } else {
    throw new Error(`The tests know nothing of what ${base} holds`)
  }
}

interface Building {
  readonly root: string
  readonly contextFolder: string
  readonly folders: ReadonlyMap<string, string>
}

async function build(stage: Stage, building: Building): Promise<void> {
  let workingFolder = '/'
  for (const instruction of stage.instructions) {
    const { name, text } = instruction
    if (name === 'WORKDIR') {
      workingFolder = text
      mkdirSync(path.join(building.root, text), { recursive: true })
    } else if (name === 'COPY') {
      copy(instruction, workingFolder, building)
    } else if (name === 'RUN') {
      await run(text, path.join(building.root, workingFolder), building.root)
    }
  }
}

function copy({ text }: Instruction, workingFolder: string, { root, contextFolder, folders }: Building): void {
  const words = text.split(/\s+/)
  const option = (name: string) => words.find((word) => word.startsWith(`--${name}=`))?.split('=')[1]
  const [owner, mode, from] = [option('chown'), option('chmod'), option('from')]
  const source = from === undefined ? contextFolder : folders.get(from)
  if (source === undefined) throw new Error(`There is no stage ${from}`)
  const files = words.filter((word) => !word.startsWith('--'))
  const to = files.pop() ?? ''
  const target = path.join(root, path.resolve(workingFolder, to))
  for (const file of files) {
    // Of a folder what is in it comes along, of a file the file.
    const whole = path.join(source, file)
    const made = to.endsWith('/') && statSync(whole).isFile() ? path.join(target, path.basename(file)) : target
    cpSync(whole, made, { recursive: true, verbatimSymlinks: true })
    if (mode !== undefined) chmodSync(made, Number.parseInt(mode, 8))
    // As anybody else we are the only user that there is.
    if (owner !== undefined && process.getuid?.() === 0)
      chownSync(made, ...(owner.split(':').map(Number) as [number, number]))
  }
}

/** Runs a line of the shell, in which absolute paths are those of the stage. */
async function run(script: string, cwd: string, root: string): Promise<void> {
  const here = script.replace(/(?<=\s)\/(?=\w)/g, `${root}/`)
  const env = {
    PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`,
    // What a set-up has fetched a moment ago need not be fetched again.
    npm_config_prefer_offline: 'true',
    // Colours and groups are for people.
    FORCE_COLOR: undefined,
  }
  const { code, stdout, stderr } = await runProgram({ command: 'sh', args: ['-c', here], cwd, env }, RUN_DEADLINE_MS)
  if (code !== 0) throw new Error(`RUN ${script}\n${stdout}${stderr}`)
}
