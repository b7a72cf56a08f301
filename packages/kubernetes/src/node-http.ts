/**
 * `node:http` without what importing it brings along: an import statement reads every export, and with them Node loads its
 * fetch and WebSocket, 6 MB and 30 ms that nobody here has a use for.
 */
export const http = process.getBuiltinModule('node:http')
