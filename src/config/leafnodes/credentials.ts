import { isAbsolute, join } from 'node:path'
import { KeyPair } from '#auth'
import { type Environment, InvalidValue, stringIn } from '../language/index.ts'
import type { SettingType, Surroundings } from '../types/setting-type.ts'
import { path } from '../types/text.ts'

/** `credentials` of a remote. As in nats-server it may begin with `~` and hold `$NAME` of the environment. */
export const credentialsFile: SettingType<string> = {
  ...path('path of a credentials file'),
  fromConfig: (value, { surroundings }) => expandedPath(stringIn(value), surroundings) || undefined,
}

/** Relative paths stay so. */
function expandedPath(written: string, { environment }: Surroundings): string {
  const file = written.replaceAll(/\$(?:\{([^}]*)\}|(\w+))/g, (_, braced: string | undefined, bare = '') => {
    return environment[braced ?? bare] ?? ''
  })
  if (!file.startsWith('~')) return file
  return join(homeOf(environment), file.slice(1))
}

function homeOf({ HOME = '' }: Environment): string {
  if (!isAbsolute(HOME)) throw new InvalidValue('failed to get home dir, require $HOME')
  return HOME
}

/** `nkey` of a remote: the seed of a user. Messages never show it. */
export const userSeed: SettingType<string> = {
  description: 'seed of a user nkey',
  fromText: checkedSeed,
  fromConfig: (value) => checkedSeed(stringIn(value)),
  fromProgram: checkedSeed,
}

function checkedSeed(seed: string): string {
  if (typeof seed === 'string' && KeyPair.fromSeed(seed)?.kind === 'user') return seed
  throw new InvalidValue('Remote leafnode nkey is not a valid seed')
}
