// Rules that stand before every rule set: a body that could not be read must not pass for one that was.
// Their numbers are those of ModSecurity's recommended configuration, so that a set that brings them replaces them.

export const BUILT_IN: string = `
SecRule REQBODY_ERROR "!@eq 0" \\
  "id:200002,phase:2,t:none,log,deny,status:400,severity:CRITICAL,\\
  msg:'The request body could not be parsed',logdata:'%{REQBODY_ERROR_MSG}'"
SecRule MULTIPART_STRICT_ERROR "!@eq 0" \\
  "id:200003,phase:2,t:none,log,deny,status:400,severity:CRITICAL,\\
  msg:'The multipart body is malformed'"
SecRule MULTIPART_UNMATCHED_BOUNDARY "@eq 1" \\
  "id:200004,phase:2,t:none,log,deny,status:400,severity:CRITICAL,\\
  msg:'The multipart body may hold another boundary than the declared one'"
`;
