// What differs between Clever and ClassLink: paths, client authentication, claims and answers about a person.
//
// A person, as a test gives one: {role, given_name, family_name, email, tenant} and, where the vendor tells them,
// {legacy_id, sis_id, number} (Clever) or {sourced_id, login} (ClassLink). Roles are the vendor's own words.

const name = (person) => ({ first: person.given_name, last: person.family_name });

const clever = {
  routes: { authorization: '/oauth/authorize', token: '/oauth/tokens', jwks: '/oauth/certs', userinfo: '/oidc/userinfo' },
  clientAuthentication: 'client_secret_basic',
  takesJson: true,
  ownScope: 'read:user_id', // of the app itself, where a request names none
  refusesUrllib: false,
  idTokenSeconds: 3600,

  claims: (id, person) => ({
    multi_role_user_id: id,
    user_id: person.legacy_id,
    user_type: person.role,
    district: person.tenant,
    ...shared(person),
  }),

  // Path → answer, for the bearer of a token: `who` is the person's id, `asked` what the path's group matched.
  answers: [
    [/^\/userinfo$/, ({ who, person }) => ({
      sub: who, multi_role_user_id: who, user_id: person.legacy_id, user_type: person.role, district: person.tenant,
      district_id: person.tenant, authorized_by: person.authorized_by ?? 'district', email: person.email, name: name(person),
    })],
    [/^\/v3\.[01]\/me$/, ({ who, person }) => ({
      type: 'user',
      data: { id: who, district: person.tenant, type: 'user', authorized_by: person.authorized_by ?? 'district' },
      links: [{ rel: 'self', uri: '/me' }, { rel: 'canonical', uri: `/v3.1/users/${who}` }],
    })],
    [/^\/v3\.[01]\/users\/([^/]+)$/, ({ who, person, asked }) => asked === who && ({
      data: { id: who, district: person.tenant, email: person.email, name: name(person), roles: roles(person) },
      links: [{ rel: 'self', uri: `/v3.1/users/${who}` }],
    })],
  ],
};

const classlink = {
  routes: { authorization: '/oauth2/v2/auth', token: '/oauth2/v2/token', jwks: '/oauth2/v2/jwks', userinfo: '/v2/my/profileinfo' },
  clientAuthentication: 'client_secret_post',
  takesJson: false,
  refusesUrllib: true,
  idTokenSeconds: 86400,

  // `sparse`: the older documented token has none of ClassLink's own claims; my/info tells them.
  claims: (id, person, sparse) => ({
    ...(!sparse && {
      classLink_tenant_id: Number(person.tenant),
      classLink_role: person.role,
      classLink_sourcedId: person.sourced_id,
    }),
    ...shared(person),
  }),

  answers: [
    [/^\/v2\/my\/info$/, ({ who, person }) => ({
      UserId: Number(who), TenantId: Number(person.tenant), LoginId: person.login ?? '', SourcedId: person.sourced_id ?? '',
      Email: person.email, FirstName: person.given_name, LastName: person.family_name, Role: person.role, Role_Level: 3,
      Tenant: 'A district', Building: 'A school',
    })],
  ],
};

function shared(person) {
  const { given_name, family_name, email } = person;
  return { given_name, family_name, email, email_verified: false };
}

/** `roles` of a Clever user: ids of the SIS stand under the role. */
function roles({ role, legacy_id, sis_id, number }) {
  const kind = role.replace(' ', '_');
  const numbered = { student: 'student_number', teacher: 'teacher_number', staff: 'staff_id' }[kind];
  return { [kind]: { legacy_id, sis_id, ...(numbered && { [numbered]: number }) } };
}

export const vendors = { clever, classlink };
