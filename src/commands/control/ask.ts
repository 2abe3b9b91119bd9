import { resolve } from 'node:path'
import { loadWhereabouts } from '#config/whereabouts'
import { ConfigError } from '#kit'
import { askControl, type ControlQuestion, NotListening } from '../../services/control/ask-control.ts'

/** Whom to ask. */
export interface Asked {
  readonly config?: string
  readonly socket?: string
}

/** Asks the server that runs with these settings. Rejects with a `ConfigError`. */
export async function ask({ config, socket }: Asked, question: ControlQuestion): Promise<object> {
  const surroundings = { configFile: config, env: process.env, cwd: process.cwd() }
  const path = socket === undefined ? loadWhereabouts(surroundings).controlSocket : resolve(socket)
  if (path === undefined) throw new ConfigError('control_socket is false: there is no way to the server')
  try {
    return await askControl(path, question)
  } catch (error) {
    if (!(error instanceof NotListening)) throw error
    const hint = 'Give the settings that it was started with (-c FILE, DATA_FOLDER), or its socket (--socket PATH).'
    throw new ConfigError(`${error.message}.\n${hint}`, { cause: error })
  }
}
