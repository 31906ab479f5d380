// The words that the offline model knows, English and Chinese together. New words go here, meanings to the families.

/// What words mean. Terms of one thing only; how they combine is decided where a question is read.
enum Lexicon {
    // What is talked of.
    static let alert: Phrases = [
        "alert", "alerts", "alarm", "alarms", "incident", "incidents", "event", "events", "warnings", "criticals",
        "告警", "警报", "报警", "事件",
    ]
    static let trouble: Phrases = [
        "what is wrong", "anything wrong", "something wrong", "what is broken", "anything broken", "any problem",
        "any problems", "any issue", "any issues", "what is going on", "what is happening", "what is on fire",
        "what is burning", "what is up with", "what is down", "anything down", "everything ok", "everything okay",
        "everything fine", "all good", "all ok", "current problems", "current issues", "everything healthy",
        "all healthy",
        "what happened", "what broke", "what has broken", "did anything break", "did something break",
        "anything on fire",
        "what changed", "anything new", "anything happening", "anything going on", "state of production",
        "how is production", "are we ok", "are we fine",
        "有问题吗", "有什么问题", "出什么问题", "什么问题", "有没有问题", "哪里有问题", "什么情况", "出了什么事", "有异常吗", "什么异常",
        "有没有异常", "哪些异常", "哪些问题", "一切正常", "都正常", "系统正常吗", "发生了什么", "出事了吗", "有没有事", "有事吗", "出了什么",
        "哪些故障", "什么故障", "有故障吗", "在报什么",
    ]

    /// Words that ask for the whole picture when they stand nearly alone.
    static let overview: Phrases = [
        "summary", "summarize", "summarise", "triage", "overview", "everything", "总结", "分诊", "交接", "briefing", "status",
        "report", "what is up", "概况", "汇总", "总览", "概览", "简报",
        "状态", "日报",
    ]

    // What is asked.
    static let list: Phrases = [
        "what", "which", "show", "list", "any", "give", "see", "display", "get", "tell", "are there", "is there",
        "have we", "do we have", "current", "latest", "recent", "find", "check",
        "哪些", "什么", "列出", "查看", "看看", "看一下", "显示", "有没有", "有吗", "查询", "查一下", "列表", "当前", "最新", "最近", "给我",
        "都有啥", "有啥", "展示", "检查",
    ]
    static let howMany: Phrases = [
        "how many", "count", "counts", "number of", "total", "totals", "amount of", "statistics", "stats", "breakdown",
        "多少", "几个", "几条", "数量", "总数", "统计", "计数", "分布", "一共",
    ]
    static let sinceWhen: Phrases = [
        "since when", "how long", "when did", "when has", "start time", "started", "start", "begin", "began",
        "duration",
        "how old", "longest", "oldest", "start times",
        "什么时候", "多久", "多长时间", "何时", "几点", "开始时间", "持续时间", "起始时间", "最久", "最早", "持续多", "最长",
    ]
    static let longest: Phrases = ["longest", "oldest", "最久", "最早", "最长"]
    static let details: Phrases = [
        "detail", "details", "more about", "tell me about", "describe", "explain", "full", "timeline", "history",
        "详情", "详细", "具体", "介绍", "时间线", "经过", "明细",
    ]
    static let why: Phrases = [
        "why", "root cause", "reason", "cause", "为什么", "为何", "原因", "怎么回事", "根因",
    ]
    static let nextPage: Phrases = [
        "next", "next page", "more", "show more", "the rest", "continue", "go on", "more please", "next ones", "rest",
        "下一页", "更多", "继续", "还有吗", "还有呢", "接着", "翻页", "剩下的", "其余的", "后面的", "下一批",
    ]

    // Which status.
    static let firing: Phrases = [
        "firing", "active", "open", "ongoing", "unresolved", "not resolved", "not fixed", "still", "right now", "now",
        "currently", "current", "burning", "on fire", "at the moment", "live", "triggered", "not recovered", "going on",
        "正在", "触发", "当前", "现在", "目前", "活动", "活跃", "未恢复", "未解决", "未关闭", "没恢复", "没有恢复", "还没恢复", "没解决", "此刻", "仍在",
        "进行中", "没有解决",
    ]
    static let resolved: Phrases = [
        "resolved", "recovered", "cleared", "fixed", "ended", "over", "gone", "已恢复", "恢复", "已解决", "解决了", "已结束", "已消除",
    ]
    static let closed: Phrases = ["closed", "已关闭", "关闭的", "关闭了"]
    static let unacknowledged: Phrases = [
        "unacknowledged", "unacked", "not acknowledged", "not acked", "unhandled", "unattended", "nobody is working on",
        "未确认", "没确认", "没有确认", "未认领", "没人处理", "无人处理", "未处理", "没有人处理",
    ]
    static let acknowledged: Phrases = [
        "acknowledged", "acked", "being worked on", "in progress", "已确认", "已认领", "处理中", "已响应",
    ]
    static let anyStatus: Phrases = [
        "any status", "resolved or not", "firing and resolved", "firing or resolved", "including resolved",
        "all statuses",
        "history of alerts", "past alerts", "alert history", "resolved and firing", "历史告警", "告警历史", "所有状态", "全部状态",
        "包括已恢复", "含已恢复", "包括恢复", "不论状态",
    ]

    // Which level; the words of the seed, of bk-lite and of Zabbix.
    static let levels: [(level: AlertLevel, phrases: Phrases)] = [
        (
            .critical,
            [
                "critical", "criticals", "crit", "fatal", "severe", "emergency", "disaster", "严重", "致命", "紧急", "危急",
                "灾难",
            ]
        ),
        (.error, ["error", "errors", "major", "错误", "重要"]),
        (.warning, ["warning", "warnings", "warn", "minor", "警告", "预警", "提醒"]),
        (.info, ["info", "infos", "informational", "information level", "信息级", "信息", "提示", "通知级", "一般"]),
    ]
    static let andAbove: Phrases = [
        "and above", "or above", "and higher", "or higher", "and worse", "or worse", "or more severe", "at least",
        "以上", "及以上", "或更高", "更严重",
    ]

    // By what to count.
    static let groupKeys: [(key: String, phrases: Phrases)] = [
        (
            "level",
            [
                "severity breakdown", "level breakdown", "by level", "by levels", "per level", "each level",
                "by severity", "per severity", "which levels",
                "按级别", "按等级", "各级别", "各个级别", "每个级别", "各等级", "级别分布", "等级分布", "按严重程度",
            ]
        ),
        (
            "source",
            ["by source", "per source", "each source", "by sources", "按来源", "按告警源", "各来源", "每个来源", "来源分布", "各告警源"]
        ),
        (
            "status",
            [
                "by status", "per status", "each status", "by state", "按状态", "各状态", "每个状态", "状态分布",
            ]
        ),
        (
            "host",
            [
                "by host", "per host", "each host", "by hosts", "by server", "per server", "by machine", "per machine",
                "by instance", "per instance", "which host has", "which hosts have", "which hosts are",
                "how many hosts", "how many servers", "how many machines", "affected hosts", "which servers",
                "which machines",
                "哪些主机", "几台主机", "多少主机", "多少台", "几台机器", "几台服务器", "哪些机器", "哪些服务器", "按主机", "按服务器", "每台", "各主机", "各台",
                "每个主机", "主机分布", "按机器", "哪台主机", "哪台机器", "哪台服务器", "按实例",
            ]
        ),
    ]

    /// Labels that people name without the word "label" (`count alerts by cluster`).
    static let groupLabels: Set<String> = [
        "cluster", "region", "namespace", "job", "env", "environment", "service", "team", "alertname", "app", "pod",
        "zone",
        "datacenter", "dc", "severity", "component", "instance",
    ]

    // From where.
    static let sources = ["prometheus", "alertmanager", "zabbix", "grafana"]

    /// Parts of machines that alerts are about; the words are searched for as they were written.
    static let resources: Phrases = [
        "cpu", "memory", "ram", "disk", "disks", "filesystem", "network", "latency", "certificate", "ssl", "tls",
        "swap",
        "load", "timeout", "timeouts", "database", "databases", "backup", "backups", "watchdog", "heartbeat",
        "磁盘", "内存", "网络", "证书", "延迟", "数据库", "负载", "超时", "备份", "心跳",
    ]
    /// Programs that alerts are about; with a cue (`host nginx`, `nginx 正常吗`) they are names of hosts instead.
    static let programs: Phrases = [
        "mysql", "postgres", "postgresql", "redis", "nginx", "kafka", "kubernetes", "kubelet", "etcd", "mongodb",
        "rabbitmq",
        "elasticsearch", "docker",
    ]

    // People and conversation.
    static let greeting: Phrases = [
        "hello", "hi", "hey", "good morning", "good afternoon", "good evening", "howdy", "how are you", "你好", "您好",
        "早上好", "下午好",
        "晚上好", "嗨", "哈喽", "在吗",
    ]
    static let thanks: Phrases = [
        "thanks", "thank you", "thx", "great", "perfect", "cool", "bye", "goodbye", "谢谢", "多谢", "感谢", "再见", "辛苦了",
    ]
    static let help: Phrases = [
        "help", "what can you do", "what can i ask", "what do you do", "who are you", "what are you", "how do you work",
        "how can you help", "your capabilities", "which tools do you have", "what tools do you have",
        "which model are you",
        "帮助", "能做什么", "会做什么", "你是谁", "怎么用", "能干什么", "可以做什么", "能问什么", "有什么功能", "什么模型", "能帮我什么", "会什么", "帮我做什么",
        "are you chatgpt", "are you gpt",
        "are you an ai", "are you ai", "are you a bot", "are you human", "are you real", "are you a robot",
    ]
    static let followUp: Phrases = [
        "of them", "of those", "of these", "them", "those", "these ones", "the same", "among them", "among those",
        "其中", "它们", "这些", "那些", "里面", "同样",
    ]
    static let followUpOpening: Phrases = [
        "and", "only", "just", "but only", "what about", "how about", "also", "那", "那么", "只看", "只要", "还有", "另外", "以及",
    ]

    /// Grammar words that only a Chinese sentence has.
    static let chineseGrammar: Phrases = ["的", "有", "吗", "呢", "什么", "哪些", "怎么", "多少", "了", "是", "在"]

    /// Plain English words: never names of hosts, and a sign that a question is English.
    static let plainEnglish: Set<String> = Set(
        """
        a about above all also am an and any anything are at be been before below by can could did do does down each \
        everything few find fine fire for from get give going good had happened happening has have health healthy \
        hello help hey hi high hosts hour hours how i if in into is issue issues it its just last least less like list \
        many me minute minutes more most my name near need new next no node nodes not now number of off ok okay \
        old on one ones only or our \
        out over page past per please problem problems right same say see server servers machine machines instance \
        instances host show since so some state status still tell than thank thanks that the their them then there \
        these they thing things this those three time times to today tonight two under up us was we week well were \
        what when where which while who whole whose why will with working worse wrong yes yesterday you your call \
        morning night day days month alive dead reachable overview summary briefing team everybody everyone monday \
        tuesday wednesday thursday friday saturday sunday level levels severity source sources fleet production \
        environment system systems infrastructure cluster service services weather joke story poem recipe world
        """.split(separator: " ").map(String.init)
    )

    /// Words that look like names of hosts (a dash or a digit inside) and are none.
    static let notHosts: Set<String> = [
        "on-call", "oncall", "follow-up", "up-to-date", "e-mail", "ipv4", "ipv6", "http2", "http3", "k8s", "s3", "ec2",
        "next-page", "real-time", "read-only", "24x7", "24/7", "utf-8", "iso-8601", "gpt-4", "gpt-4o", "root-cause",
        "high-severity", "group-by", "and/or", "p0", "p1", "p2", "p3", "p4", "sev1", "sev2", "sev3", "n/a", "e.g",
        "i.e",
        "vs", "a.m", "p.m", "non-critical", "by-level", "so-called", "ops-assistant-bot", "alert-triage-bot",
    ]
}
