import Type from 'typebox'
import { type Contracts, EMPTY } from './contract.ts'
import { Send } from './sends.ts'
import { Cipher, Closed, Folder, Kdf, List, Nothing, Nullable, Profile, Text } from './shapes.ts'

export const cipherContracts: Contracts = {
  'GET /api/ciphers': { 200: List(Cipher) },
  'POST /api/ciphers': { 200: Cipher },
  'GET /api/ciphers/:id': { 200: Cipher },
  'GET /api/ciphers/:id/details': { 200: Cipher },
  'PUT /api/ciphers/:id': { 200: Cipher },
  'POST /api/ciphers/:id': { 200: Cipher },
  'PUT /api/ciphers/:id/partial': { 200: Cipher },
  'POST /api/ciphers/:id/partial': { 200: Cipher },
  'PUT /api/ciphers/:id/delete': { 200: EMPTY },
  'PUT /api/ciphers/delete': { 200: EMPTY },
  'PUT /api/ciphers/:id/restore': { 200: Cipher },
  'PUT /api/ciphers/restore': { 200: List(Cipher) },
  'DELETE /api/ciphers/:id': { 200: EMPTY },
  'POST /api/ciphers/:id/delete': { 200: EMPTY },
  'DELETE /api/ciphers': { 200: EMPTY },
  'POST /api/ciphers/delete': { 200: EMPTY },
  'PUT /api/ciphers/:id/archive': { 200: Cipher },
  'PUT /api/ciphers/:id/unarchive': { 200: Cipher },
  'PUT /api/ciphers/archive': { 200: List(Cipher) },
  'PUT /api/ciphers/unarchive': { 200: List(Cipher) },
  'PUT /api/ciphers/move': { 200: EMPTY },
  'POST /api/ciphers/move': { 200: EMPTY },
}

export const folderContracts: Contracts = {
  'GET /api/folders': { 200: List(Folder) },
  'POST /api/folders': { 200: Folder },
  'GET /api/folders/:id': { 200: Folder },
  'PUT /api/folders/:id': { 200: Folder },
  'POST /api/folders/:id': { 200: Folder },
  'DELETE /api/folders/:id': { 200: EMPTY },
  'POST /api/folders/:id/delete': { 200: EMPTY },
}

export const Domains = Closed({
  equivalentDomains: Type.Array(Type.Array(Text)),
  globalEquivalentDomains: Type.Array(
    Closed({ type: Type.Integer(), domains: Type.Array(Text), excluded: Type.Boolean() }),
  ),
  object: Type.Literal('domains'),
})

export const syncContracts: Contracts = {
  'GET /api/sync': {
    200: Closed({
      profile: Profile,
      folders: Type.Array(Folder),
      collections: Nothing,
      policies: Nothing,
      ciphers: Type.Array(Cipher),
      domains: Nullable(Domains),
      sends: Type.Array(Send),
      userDecryption: Closed({
        masterPasswordUnlock: Nullable(
          Closed({ kdf: Kdf, masterKeyEncryptedUserKey: Text, masterKeyWrappedUserKey: Text, salt: Text }),
        ),
        userKeyId: Type.Optional(Type.String({ pattern: '^[0-9a-f]{32}$' })),
      }),
      object: Type.Literal('sync'),
    }),
  },
}
