// Directives that are accepted and do nothing, because something else in Gatehouse decides what they are about.
// Data only: the directive in lower case, and what governs it.

const audit = 'the audit records of Gatehouse, which the configuration sets up';
const debug = 'the log of Gatehouse, which the configuration sets up';
const upload = 'Gatehouse, which keeps no copy of an upload on disk';
const linear = 'the rule engine itself: its patterns run in linear time and need no such limit';
const unicode = 'the built-in table for Unicode';

export const governedDirectives: Readonly<Record<string, string>> = {
  secauditlog: audit,
  secauditlog2: audit,
  secauditlogdirmode: audit,
  secauditlogfilemode: audit,
  secauditlogformat: audit,
  secauditlogprefix: audit,
  secauditlogrelevantstatus: audit,
  secauditlogstoragedir: audit,
  secauditlogtype: audit,
  seccachetransformations: 'the rule engine itself, which never computes a transformation twice',
  secdatadir: 'the store of the configuration, where persistent collections are kept',
  secdebuglog: debug,
  secdebugloglevel: debug,
  secdisablebackendcompression: 'the response inspection of the site',
  secinterceptonerror: 'onError of the site, which says what happens when the engine fails',
  secpcrematchlimit: linear,
  secpcrematchlimitrecursion: linear,
  secrequestbodyinmemorylimit: 'Gatehouse, which inspects bodies in memory up to the bound of the site',
  secsensorid: audit,
  secserversignature: 'the gateway, which sends no product name',
  secstatusengine: 'Gatehouse, which reports to nobody',
  sectmpdir: upload,
  sectmpsaveuploadedfiles: upload,
  secunicodecodepage: unicode,
  secunicodemapfile: unicode,
  secuploaddir: upload,
  secuploadfilelimit: 'the bounds of the multipart reader',
  secuploadfilemode: upload,
  secuploadkeepfiles: upload,
};
