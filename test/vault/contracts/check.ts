import { AsyncLocalStorage } from 'node:async_hooks'
import { Ajv, type ValidateFunction } from 'ajv'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type, { type TSchema } from 'typebox'
import { plainPath } from '../every-route/routes.ts'
import { type Answer, BYTES, EMPTY } from './contract.ts'
import { EVENTS } from './events.ts'
import { contracts } from './index.ts'
import { Envelope, FrameworkError } from './shapes.ts'

/** What any route may say instead of its own answers: errors, in one of the two forms there are. */
const Failure = Type.Union([Envelope, FrameworkError])
const FAILURES = [400, 401, 404, 413, 415, 422, 429, 500, 503]

const JSON_TYPE = /^application\/json\b/

/** Looks at every answer of an app and at what it tells, and remembers what was not as the contracts have it. */
export interface AnswerCheck {
  /** For `createVaultApp`. */
  readonly observe: (app: FastifyInstance) => void
  /** For the notifier: a route, or a job, has told of `event`. */
  readonly tell: (event: string) => void
  /** The routes whose handlers were reached since the last call: by requests that their schemas have let through. */
  readonly takeReached: () => string[]
  /** Throws an Error that names each route and what is wrong with what it answers or tells. */
  readonly complain: () => void
}

/** `pathPrefix` stands before every route and in no contract. */
export function checkAnswers(pathPrefix: string): AnswerCheck {
  const problems = new Set<string>()
  const reached: string[] = []
  /** The route that is at work, for whatever it calls. */
  const current = new AsyncLocalStorage<string>()
  return {
    observe(app) {
      app.addHook('preValidation', (request, _reply, done) => {
        current.run(routeName(request, pathPrefix) ?? 'No route', done)
      })
      app.addHook('preHandler', async (request) => {
        reached.push(routeName(request, pathPrefix) ?? 'No route')
      })
      app.addHook('onSend', async (request, reply, payload) => {
        // Questions of browsers before they call, which have no route.
        if (request.method === 'OPTIONS') return payload
        const name = routeName(request, pathPrefix)
        const answer = { status: reply.statusCode, type: String(reply.getHeader('content-type') ?? ''), payload }
        const problem = judge(name, request.method === 'HEAD', answer)
        if (problem !== undefined) problems.add(`${name ?? 'No route'} answered ${reply.statusCode}: ${problem}`)
        return payload
      })
    },
    tell(event) {
      const name = current.getStore()
      if (name !== undefined && !EVENTS[name]?.includes(event)) problems.add(`${name} told ${event}`)
    },
    takeReached: () => reached.splice(0),
    complain() {
      if (problems.size > 0) throw new Error(`What is not as test/vault/contracts has it:\n${[...problems].join('\n')}`)
    },
  }
}

/** As contracts name it; undefined where no route took the request. */
function routeName(request: FastifyRequest, pathPrefix: string): string | undefined {
  const { url } = request.routeOptions
  if (url === undefined) return undefined
  const method = request.method === 'HEAD' ? 'GET' : request.method
  return `${method} ${plainPath(url, pathPrefix)}`
}

interface GivenAnswer {
  readonly status: number
  readonly type: string
  readonly payload: unknown
}

/** What is wrong; undefined when nothing is. */
function judge(name: string | undefined, isHead: boolean, answer: GivenAnswer): string | undefined {
  const contract = name === undefined ? {} : contracts[name]
  if (contract === undefined) return 'test/vault/contracts has no contract of this route'
  const promised: Answer | undefined = contract[answer.status]
  const problem =
    promised === undefined ? 'a status that its contract does not name' : against(promised, isHead, answer)
  if (problem === undefined || !FAILURES.includes(answer.status)) return problem
  return against(Failure, isHead, answer)
}

function against(promised: Answer, isHead: boolean, { type, payload }: GivenAnswer): string | undefined {
  const isEmpty = payload === undefined || payload === null || payload === ''
  if (promised === EMPTY) return isEmpty ? undefined : 'a body where none is promised'
  if (promised === BYTES) return JSON_TYPE.test(type) ? 'JSON where bytes are promised' : undefined
  if (!JSON_TYPE.test(type)) return `'${type}' where JSON is promised`
  if (isHead && isEmpty) return undefined
  const isWhole = typeof payload === 'string' || Buffer.isBuffer(payload)
  if (!isWhole) return 'JSON that is not sent in one piece cannot be checked'
  const validate = validatorOf(promised)
  if (validate(JSON.parse(String(payload)))) return undefined
  return [...new Set((validate.errors ?? []).map(describe))].slice(0, 5).join('; ')
}

function describe({ instancePath, message, params }: NonNullable<ValidateFunction['errors']>[number]): string {
  const unknown = params.additionalProperty === undefined ? '' : ` ('${params.additionalProperty}')`
  return `${instancePath || 'the body'} ${message}${unknown}`
}

const ajv = new Ajv({ allErrors: false, strict: true, strictTypes: false, allowUnionTypes: true })
const validators = new WeakMap<TSchema, ValidateFunction>()

function validatorOf(schema: TSchema): ValidateFunction {
  const known = validators.get(schema)
  if (known) return known
  const made = ajv.compile(schema)
  validators.set(schema, made)
  return made
}
