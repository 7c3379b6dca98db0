-- Sign-in through an OpenID provider: whom the provider means, and requests that are under way.

CREATE TABLE v2x_access.provider_account (
    issuer text NOT NULL,
    subject text NOT NULL,
    account uuid NOT NULL REFERENCES v2x_access.account ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)
);

CREATE TABLE v2x_access.provider_request (
    state_hash bytea PRIMARY KEY,
    nonce text NOT NULL,
    verifier text NOT NULL,
    expires timestamptz NOT NULL
);
