import { normalGuid } from '#kit'
import { InvalidValue } from '../language/index.ts'
import { installations } from '../relay/installations.ts'
import { secret } from '../types/secret.ts'
import { mustBe } from '../types/setting-type.ts'
import { baseUrl, path, plainText, text } from '../types/text.ts'
import { optional } from './setting.ts'

export const uuid = text('UUID', (written, source) => {
  const id = normalGuid(written)
  if (id === undefined) throw new InvalidValue(mustBe(source, 'a UUID', written))
  return id
})

/** Other servers, which hand over what their devices shall be told. */
export const relaySettings = {
  installations: optional({
    key: 'relay.installations',
    type: { ...installations, isSecret: true },
    defaultText: 'none',
    help: 'Servers whose events are delivered to the devices of their users that are connected here.',
  }),
  installationId: optional({
    key: 'relay.installation_id',
    variable: 'BELFRY_RELAY_INSTALLATION_ID',
    type: uuid,
    defaultText: 'none',
    help: 'One more of them: its id, which that server has as `PUSH_INSTALLATION_ID`.',
  }),
  installationKey: optional({
    key: 'relay.installation_key',
    variable: 'BELFRY_RELAY_INSTALLATION_KEY',
    type: secret('text'),
    defaultText: 'none',
    help: 'Its key, which that server has as `PUSH_INSTALLATION_KEY`.',
  }),
  installationIssuer: optional({
    key: 'relay.installation_issuer',
    variable: 'BELFRY_RELAY_INSTALLATION_ISSUER',
    type: plainText('text'),
    defaultText: 'none: its devices cannot connect',
    help: 'Who issues the tokens of its users: of a Vaultwarden `https://vault.example.com|login`, with the origin of its `DOMAIN`.',
  }),
  installationPublicKey: optional({
    key: 'relay.installation_public_key',
    variable: 'BELFRY_RELAY_INSTALLATION_PUBLIC_KEY',
    type: path(),
    defaultText: 'none: its devices cannot connect',
    help: 'The key that signs these tokens, as a PEM file: `rsa_key.pub.pem`, or `rsa_key.pem` of its data folder.',
  }),
  installationIdentity: optional({
    key: 'relay.installation_identity',
    variable: 'BELFRY_RELAY_INSTALLATION_IDENTITY',
    type: baseUrl,
    defaultText: 'none',
    help:
      'Of an official server, instead of these two: where its Identity service answers, such as ' +
      '`https://vault.example.com/identity`.',
  }),
  internalKey: optional({
    key: 'relay.internal_key',
    variable: 'globalSettings__internalIdentityKey',
    type: secret('text'),
    defaultText: 'none: nobody may',
    help:
      'With this key the services of an official server get a token from us for `POST /send`, where there is no Identity ' +
      'service of theirs to get it from (`hub { identity { authority } }`).',
  }),
}
