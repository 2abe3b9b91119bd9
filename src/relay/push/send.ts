import type { FastifyInstance } from 'fastify'
import { ProtocolError } from '#kit'
import {
  type Audience,
  CLIENT_TYPES,
  type ClientType,
  canonicalNotification,
  encodeNotification,
  relayedSubject,
  subjectFor,
} from '#notify'
import { Body } from '../body.ts'
import type { RelayContext } from '../context.ts'
import { RelayError } from '../errors.ts'

const MAX_IDENTIFIER_LENGTH = 255

/** `POST /push/send`: a notification for devices of the installation, published on a subject of its own. */
export function registerSend(scope: FastifyInstance, { publish, logger }: RelayContext): void {
  scope.post('/send', async ({ installationId, body }, reply) => {
    const sent = new Body(body)
    const audience = audienceOf(sent, installationId)
    const foreign = {
      type: sent.byte('Type'),
      payload: payloadOf(sent),
      // Who caused it is told as well, and passes it over by its own name. The official relay leaves that device out.
      contextId: sent.optionalText('Identifier', MAX_IDENTIFIER_LENGTH),
    }
    try {
      const understood = canonicalNotification(foreign)
      if (understood === undefined) {
        logger.warn(
          { installation: installationId, type: foreign.type },
          'relayed notification of unknown type dropped',
        )
      } else {
        const subject = relayedSubject(installationId, subjectFor(audience, understood.name))
        publish(subject, encodeNotification(understood.notification))
      }
    } catch (error) {
      // The installation can do nothing about it, and one that sees its events fail may give up on all of them.
      if (!(error instanceof ProtocolError)) throw error
      const fields = { installation: installationId, type: foreign.type, reason: error.message }
      logger.warn(fields, 'relayed notification not understood and dropped')
    }
    return reply.send()
  })
}

/** The first of installation, user and organization that is named. */
function audienceOf(sent: Body, ownInstallationId: string): Audience {
  const installationId = sent.optionalGuid('InstallationId')
  const userId = sent.optionalGuid('UserId')
  const organizationId = sent.optionalGuid('OrganizationId')
  const clientType = clientTypeOf(sent)
  if (installationId !== undefined) {
    if (installationId !== ownInstallationId) {
      throw new RelayError(400, 'InstallationId does not match current context.')
    }
    return { kind: 'installation', id: installationId, clientType }
  }
  if (userId !== undefined) return { kind: 'user', id: userId, clientType }
  if (organizationId !== undefined) return { kind: 'organization', id: organizationId, clientType }
  throw new RelayError(400, 'UserId or OrganizationId or InstallationId is required.', 'UserId')
}

function clientTypeOf(sent: Body): ClientType | undefined {
  const number = sent.optionalByte('ClientType') ?? 0
  if (number < CLIENT_TYPES.length) return CLIENT_TYPES[number]
  throw new RelayError(400, 'ClientType must be a number from 0 to 5.', 'ClientType')
}

function payloadOf(sent: Body): unknown {
  const payload = sent.get('Payload')
  if (payload === undefined) throw new RelayError(400, 'The Payload field is required.', 'Payload')
  return payload
}
