// The certified OpenID provider oidc-provider, for the tests: on a free port of loopback, for one client, with whoever
// types a name into its log-in form as that person. Says its issuer on the first line, and ends with its standard input.
//
//   node op.mjs <client id> <client secret>

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [client_id, client_secret] = process.argv.slice(2);
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

const configuration = {
  clients: [{
    client_id,
    client_secret,
    application_type: 'native', // whose address on loopback may have any port
    redirect_uris: ['http://127.0.0.1/auth/oidc/callback'],
    post_logout_redirect_uris: ['http://127.0.0.1/login'],
  }],
  claims: { openid: ['sub'], profile: ['preferred_username', 'name'], groups: ['groups'] },
  features: { rpInitiatedLogout: { enabled: true } },
  jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256', kid: 'of-this-run' }] },
  cookies: { keys: ['of the tests alone'] },
  pkce: { required: () => true },
  findAccount: (_, name) => ({
    accountId: name,
    claims: () => ({
      sub: name,
      preferred_username: `${name}-at-home`,
      groups: name === 'olga' ? ['parents'] : ['kids'],
    }),
  }),
};

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  provider.use(async (ctx, next) => {
    await next();
    // Its pages ask another host for a font; these tests stay on loopback.
    if (typeof ctx.body === 'string') ctx.body = ctx.body.replace(/@import url\([^)]*\);/g, '');
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
process.stdin.resume().on('end', () => process.exit(0));
