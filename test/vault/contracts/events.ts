/**
 * What a route tells the user's other devices when it has done what it is asked for. The harness fails a test in which a
 * route tells anything else; `events.test.ts` sees that each tells what stands here.
 */
export const EVENTS: Readonly<Record<string, readonly string[]>> = {
  ...routesThatTell('AuthRequest', 'POST /api/auth-requests'),
  ...routesThatTell('AuthRequestResponse', 'PUT /api/auth-requests/:id'),
  ...routesThatTell('devicesRevoked', 'DELETE /api/devices/:identifier', 'POST /api/devices/:identifier/deactivate'),
  ...routesThatTell(
    'devicesChanged',
    'PUT /api/devices/identifier/:identifier/token',
    'POST /api/devices/identifier/:identifier/token',
    'PUT /api/devices/identifier/:identifier/clear-token',
    'POST /api/devices/identifier/:identifier/clear-token',
  ),
  ...routesThatTell(
    'LogOut',
    'POST /api/accounts/password',
    'POST /api/accounts/kdf',
    'POST /api/accounts/security-stamp',
    'POST /api/accounts/email',
    'POST /api/accounts/key-management/rotate-user-account-keys',
    'DELETE /api/accounts',
    'POST /api/accounts/delete',
    'POST /api/accounts/delete-recover-token',
  ),
  ...routesThatTell(
    'SyncSettings',
    'PUT /api/accounts/profile',
    'POST /api/accounts/profile',
    'PUT /api/accounts/avatar',
    'POST /api/accounts/keys',
    'PUT /api/settings/domains',
    'POST /api/settings/domains',
  ),
  ...routesThatTell(
    'SyncVault',
    'POST /api/ciphers/import',
    'POST /api/ciphers/purge',
    'DELETE /api/folders',
    'DELETE /api/folders/all',
  ),
  ...routesThatTell('SyncCipherCreate', 'POST /api/ciphers', 'POST /api/ciphers/create'),
  ...routesThatTell(
    'SyncCipherUpdate',
    'PUT /api/ciphers/:id',
    'POST /api/ciphers/:id',
    'PUT /api/ciphers/:id/partial',
    'POST /api/ciphers/:id/partial',
    'PUT /api/ciphers/:id/delete',
    'PUT /api/ciphers/:id/restore',
    'PUT /api/ciphers/:id/archive',
    'PUT /api/ciphers/:id/unarchive',
    'POST /api/ciphers/:id/attachment',
    'POST /api/ciphers/:id/attachment/:attachmentId',
    'DELETE /api/ciphers/:id/attachment/:attachmentId',
    'POST /api/ciphers/:id/attachment/:attachmentId/delete',
  ),
  ...routesThatTell('SyncLoginDelete', 'DELETE /api/ciphers/:id', 'POST /api/ciphers/:id/delete'),
  ...routesThatTell(
    'SyncCiphers',
    'PUT /api/ciphers/delete',
    'PUT /api/ciphers/restore',
    'DELETE /api/ciphers',
    'POST /api/ciphers/delete',
    'PUT /api/ciphers/archive',
    'PUT /api/ciphers/unarchive',
    'PUT /api/ciphers/move',
    'POST /api/ciphers/move',
  ),
  ...routesThatTell('SyncFolderCreate', 'POST /api/folders'),
  ...routesThatTell('SyncFolderUpdate', 'PUT /api/folders/:id', 'POST /api/folders/:id'),
  ...routesThatTell('SyncFolderDelete', 'DELETE /api/folders/:id', 'POST /api/folders/:id/delete'),
  ...routesThatTell('SyncSendCreate', 'POST /api/sends', 'POST /api/sends/file', 'POST /api/sends/:id/file/:fileId'),
  ...routesThatTell(
    'SyncSendUpdate',
    'PUT /api/sends/:id',
    'PUT /api/sends/:id/remove-password',
    'POST /api/sends/access/:accessId',
    'POST /api/sends/:id/access/file/:fileId',
  ),
  ...routesThatTell('SyncSendDelete', 'DELETE /api/sends/:id'),
  // A login; a ticket for a Send.
  ...routesThatTell(['devicesChanged', 'SyncSendUpdate'], 'POST /identity/connect/token'),
}

function routesThatTell(events: string | string[], ...routes: string[]): Record<string, string[]> {
  return Object.fromEntries(routes.map((route) => [route, [events].flat()]))
}
