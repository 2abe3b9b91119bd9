import { Command } from 'commander'
import { loadOptions } from '#config'
import { ConfigError, fromByteString, toByteString } from '#kit'
import { describeRights } from './describe.ts'
import { destinationsOf } from './destinations.ts'
import { rightsOfCredentials } from './jwt-rights.ts'
import { type Rights, rightsOfUser } from './rights.ts'
import { rightsJson } from './rights-json.ts'
import { checkPublishSubject, publishVerdict, subscribeVerdict, type Verdict } from './verdict.ts'

interface Flags {
  readonly config?: string
  readonly creds?: string
  readonly publish?: string
  readonly subscribe?: string
  readonly queue?: string
  readonly json?: true
}

/** `belfry admin permissions`: what a user may do, of the settings as `serve` would read them. Starts nothing. */
export function permissionsCommand(): Command {
  return new Command('permissions')
    .description('show what a NATS user may do; with --publish or --subscribe, answer whether it may do that')
    .argument('[user]', 'name or public nkey of a user of the configuration')
    .option('-c, --config <file>', 'settings in the NATS config language')
    .option('--creds <file>', 'a user with a JWT: the credentials file, or a file with the JWT alone')
    .option('--publish <subject>', 'may it publish to this? Exits with 1 when it may not')
    .option('--subscribe <subject>', 'may it subscribe to this? Exits with 1 when it may not')
    .option('--queue <group>', 'with --subscribe: as a member of this queue group')
    .option('--json', 'answer in JSON')
    .action(async (user: string | undefined, flags: Flags) => {
      const rights = await rightsOf(user, flags)
      const questions = questionsTo(rights, flags)
      if (questions.length === 0) {
        process.stdout.write(flags.json ? jsonLine(rightsJson(rights)) : describeRights(rights))
        return
      }
      for (const { may, isAllowed, reason } of questions) {
        const text = `${isAllowed ? 'yes' : 'no'}: ${rights.user} may ${isAllowed ? '' : 'not '}${may}: ${reason}\n`
        process.stdout.write(flags.json ? jsonLine({ user: rights.user, may, allowed: isAllowed, reason }) : text)
        if (!isAllowed) process.exitCode = 1
      }
    })
}

async function rightsOf(user: string | undefined, { config, creds }: Flags): Promise<Rights> {
  const load = () => {
    const { options, warnings } = loadOptions({ configFile: config, env: process.env, cwd: process.cwd() })
    for (const warning of warnings) process.stderr.write(`belfry: ${warning}\n`)
    return options
  }
  if (creds !== undefined) {
    if (user !== undefined) throw new ConfigError('A credentials file says by itself whose it is: leave out the user')
    const operator = config === undefined ? undefined : load().nats.authorization.operator
    return rightsOfCredentials(creds, operator, Date.now())
  }
  if (user === undefined) throw new ConfigError('Say whose permissions: a user, or a credentials file with --creds')
  if (config === undefined) throw new ConfigError('Name the configuration that the user is in, with -c')
  return rightsOfUser(user, load())
}

interface Question extends Verdict {
  readonly may: string
}

function questionsTo({ permissions, definition }: Rights, { publish, subscribe, queue }: Flags): Question[] {
  if (queue !== undefined && subscribe === undefined) throw new ConfigError('--queue goes with --subscribe')
  const questions: Question[] = []
  if (publish !== undefined) {
    checkPublishSubject(publish)
    for (const destination of destinationsOf(definition, toByteString(publish))) {
      const goesTo = fromByteString(destination)
      const may = `publish to ${publish}${goesTo === publish ? '' : `, which goes to ${goesTo}`}`
      questions.push({ may, ...publishVerdict(permissions, destination) })
    }
  }
  if (subscribe !== undefined) {
    const may = `subscribe to ${subscribe}${queue === undefined ? '' : ` in queue group ${queue}`}`
    questions.push({ may, ...subscribeVerdict(permissions, subscribe, queue ?? '') })
  }
  return questions
}

function jsonLine(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
